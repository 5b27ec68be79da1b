"""The printed CronJob, read as Kubernetes and whoever runs it read it."""

import kubernetes_validate
import pytest
import yaml

from forecastctl.errors import UsageError
from forecastctl.schedule import kubernetes, times
from forecastctl.settings import load_settings
from tests.schedule.test_texts import NASTY, job

VERSIONS = ("1.29", "1.32", "1.35", "1.37")
"""Those before it wanted a key in each rule for failed pods that rules for exit codes cannot have."""
SPOOL = "FORECASTCTL_TRACKING__SPOOL"


def printed(name="plain", **others):
    return yaml.safe_load(kubernetes.manifest(job(name, **others)))


def pod_of(manifest):
    return manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def variables(manifest):
    (container,) = pod_of(manifest)["containers"]
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in container["env"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"image": "registry.example.org/forecastctl:1", "zone": "Europe/Berlin"},
        {"times": times.every("0 6 13 * FRI"), "deadline": "06:30", "grace": 30.5},
        {"missing": ("FORECASTCTL_TRACKING__URI", "PGPASSWORD"), "environment": {}},
        *({"name": name} for name in NASTY),
    ],
    ids=str,
)
def test_the_schema_of_kubernetes_takes_it(options, version):
    """Strictly: a key that it does not know is refused."""
    kubernetes_validate.validate(printed(**options), version, strict=True)


def test_the_schema_would_refuse_a_key_that_is_misspelt():
    manifest = printed()
    pod_of(manifest)["terminationGracePeriod"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[0], strict=True)


@pytest.mark.parametrize("name", NASTY)
def test_what_is_started(name):
    planned = job(name, image="registry.example.org/forecastctl:1", zone="Europe/Berlin")
    manifest = yaml.safe_load(kubernetes.manifest(planned))
    spec = manifest["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("15 5 * * *", "Europe/Berlin")
    (container,) = pod_of(manifest)["containers"]
    expanded = [word.replace("$$", "$") for word in container["command"]]
    assert expanded == ["forecastctl", *planned.arguments]
    assert container["workingDir"] == f"/srv/{name}"
    found = {n: v.replace("$$", "$") for n, v in variables(manifest).items()}
    assert found == {
        "HOME": "/tmp",
        "OMP_NUM_THREADS": "1",
        "FORECASTCTL_TRACKING__EXPERIMENT": name,
        SPOOL: f"/srv/{name}/spool",
    }
    assert load_settings(environ=found).tracking.spool == f"/srv/{name}/spool"


def test_one_job_at_a_time_and_none_that_hangs_for_ever():
    spec = printed()["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 86_400
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 2
    assert pod_of(printed())["restartPolicy"] == "Never"


def test_a_pod_that_was_driven_away_is_no_failure_and_useless_tries_are_not_made():
    driven_away, useless = printed()["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert driven_away["action"] == "Ignore"
    assert driven_away["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert useless["action"] == "FailJob"
    assert useless["onExitCodes"]["values"] == [2, 3, 4, 12]


@pytest.mark.parametrize(
    ("deadline", "grace", "seconds"),
    [
        ("1h30m", 0, 600 + 5400 + 120 + 120),
        ("1h30m", 300, 600 + 5400 + 120 + 360),
        ("06:30", 0, 600 + 75 * 60 + 120 + 120),  # the job starts at 05:15
    ],
)
def test_all_pods_together_have_the_deadline_of_the_job_and_what_ending_takes(
    deadline, grace, seconds
):
    inner = printed(deadline=deadline, grace=grace)["spec"]["jobTemplate"]["spec"]
    assert inner["activeDeadlineSeconds"] == seconds


@pytest.mark.parametrize(("grace", "seconds"), [(0, 120), (60, 120), (300.5, 361)])
def test_a_pod_is_given_longer_than_the_grace_to_end(grace, seconds):
    assert pod_of(printed(grace=grace))["terminationGracePeriodSeconds"] == seconds


def test_the_pod_satisfies_the_restricted_standard():
    pod = pod_of(printed())
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert set(container["resources"]) == {"requests", "limits"}


def test_secrets_come_from_a_secret():
    manifest = printed(missing=("FORECASTCTL_TRACKING__URI", "PYTHONPATH"))
    assert variables(manifest)["FORECASTCTL_TRACKING__URI"] == {
        "secretKeyRef": {"name": "forecastctl", "key": "FORECASTCTL_TRACKING__URI"}
    }
    assert "PYTHONPATH" not in variables(manifest)


@pytest.mark.parametrize(
    ("given", "spool"),
    [("/var/spool", "/srv/plain/spool"), ("/srv/plain/own", "/srv/plain/own"), ("off", "off")],
)
def test_the_spool_outlives_the_pod(given, spool):
    environment = {SPOOL: given, "XDG_STATE_HOME": "/home/me/state", "PYTHONPATH": "/home/me"}
    manifest = printed(environment=environment)
    found = variables(manifest)
    assert found[SPOOL] == spool
    assert not {"XDG_STATE_HOME", "PYTHONPATH"} & set(found)
    (container,) = pod_of(manifest)["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod_of(manifest)["volumes"]}
    assert set(mounts) == set(volumes)
    assert mounts["work"] == "/srv/plain"
    assert volumes["work"]["persistentVolumeClaim"] == {"claimName": "forecastctl"}


def test_files_that_the_claim_does_not_hold_are_named():
    files = {
        "data.source": "/data/air.csv",
        "forecast.out": "/srv/plain/out.csv",
        "tracking.spool": "/var/spool",
        "tracking.uri": "/srv/plainer/mlflow.db",
    }
    notes = [line for line in kubernetes.manifest(job(files=files)).splitlines() if line[0] == "#"]
    assert [line.split(",")[0] for line in notes[1:]] == ["# data.source", "# tracking.uri"]
    assert (
        notes[1]
        == "# data.source, /data/air.csv, lies outside of the claim: mount it there as well."
    )


def test_settings_that_the_claim_does_not_hold_are_refused():
    elsewhere = ("run", "--config", "/etc/forecastctl.toml")
    with pytest.raises(UsageError, match="settings lie elsewhere"):
        kubernetes.manifest(job(arguments=elsewhere))


def test_a_path_that_kubernetes_mounts_nothing_at_is_refused():
    with pytest.raises(UsageError, match="colon"):
        kubernetes.manifest(job("a:b"))
