"""The base for kustomize in examples/kubernetes, read as Kubernetes reads it."""

import shlex
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from forecastctl.api.shards import shard_asked
from forecastctl.records import Shard
from forecastctl.settings import load_settings
from tests.schedule.test_kubernetes import VERSIONS

PLACE = Path(__file__).resolve().parents[2] / "examples/kubernetes"
BASE = yaml.safe_load((PLACE / "kustomization.yaml").read_text())
OBJECTS = [o for name in BASE["resources"] for o in yaml.safe_load_all((PLACE / name).read_text())]


def pod_of(one):
    spec = one["spec"]
    spec = spec["jobTemplate"]["spec"] if one["kind"] == "CronJob" else spec
    return spec["template"]["spec"]


PODS = {
    one["metadata"]["name"]: pod_of(one)
    for one in OBJECTS
    if one["kind"] in ("CronJob", "Deployment", "StatefulSet")
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", OBJECTS, ids=lambda o: f"{o['kind']}-{o['metadata']['name']}")
def test_the_schema_of_kubernetes_takes_it(one, version):
    kubernetes_validate.validate(one, version, strict=True)


def test_everything_that_is_named_is_there():
    files = {path.name for path in PLACE.iterdir()}
    generated = BASE["configMapGenerator"][0]["files"] + BASE["secretGenerator"][0]["envs"]
    assert {*BASE["resources"], *generated} <= files | {"secret.env"}
    assert files == {
        *BASE["resources"],
        "forecastctl.toml",
        "kustomization.yaml",
        "secret.env.example",
    }
    keys = [line.split("=")[0] for line in (PLACE / "secret.env.example").read_text().split()]
    assert keys == ["password"]
    claims = {o["metadata"]["name"] for o in OBJECTS if o["kind"] == "PersistentVolumeClaim"}
    for name, pod in PODS.items():
        mounted = {v["name"] for c in pod["containers"] for v in c["volumeMounts"]}
        volumes = pod.get("volumes", [])
        assert mounted == {v["name"] for v in volumes} | (
            {"database"} if name == "database" else set()
        )
        asked = {
            v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v
        }
        assert asked <= claims
        for variable in pod["containers"][0]["env"]:
            if "valueFrom" in variable:
                assert variable["valueFrom"] == {
                    "secretKeyRef": {"name": "database", "key": "password"}
                }


@pytest.mark.parametrize("name", sorted(PODS))
def test_pods_satisfy_the_restricted_standard(name):
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_each_pod_of_the_job_has_a_share_of_its_own(monkeypatch):
    [job] = [o["spec"]["jobTemplate"]["spec"] for o in OBJECTS if o["kind"] == "CronJob"]
    settings = load_settings(config=PLACE / "forecastctl.toml", environ={})
    assert job["completionMode"] == "Indexed"
    assert job["parallelism"] == job["completions"]
    shards = []
    for index in range(job["completions"]):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        shards.append(shard_asked(settings))
    assert shards == [Shard(number, job["completions"]) for number in range(1, 9)]
    [container] = PODS["forecast"]["containers"]
    variables = {v["name"]: v["value"] for v in container["env"]}
    folder = Path(variables["FORECASTCTL_CONFIG"]).parent
    assert str(folder) in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert (
        shlex.join(container["command"] + container["args"]) == "forecastctl run --skip-unchanged"
    )


def test_the_server_is_where_the_settings_say():
    services = {o["metadata"]["name"]: o["spec"] for o in OBJECTS if o["kind"] == "Service"}
    settings = load_settings(config=PLACE / "forecastctl.toml", environ={})
    assert settings.tracking.uri == f"http://mlflow:{services['mlflow']['ports'][0]['port']}"
    arguments = PODS["mlflow"]["containers"][0]["args"]
    assert f"--port={services['mlflow']['ports'][0]['port']}" in arguments
    [store] = [a for a in arguments if a.startswith("--backend-store-uri")]
    assert f"@database:{services['database']['ports'][0]['port']}/" in store
