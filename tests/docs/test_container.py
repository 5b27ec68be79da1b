"""The image and the services of examples/container are well formed, and do what they promise."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests import services
from tests.containers import PLACE, Image, can_isolate, compose, environment_file, public_python

EXAMPLE = environment_file()


def test_the_dockerfile_passes_its_linter():
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if linter is None:
        pytest.skip("hadolint is not installed here")
    done = subprocess.run(
        [linter, PLACE / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_not_roots_and_keeps_all_in_one_volume(tmp_path):
    image = Image(tmp_path)
    steps = dict(image.steps)
    assert int(image.user) > 1000
    assert f"--uid {image.user} " in steps["RUN"]
    assert steps["WORKDIR"] == steps["VOLUME"] == "/data"
    assert image.environment(image.steps, "/usr/bin")["HOME"] == "/data"
    assert image.entrypoint == ["forecastctl"]


def test_the_compose_file_is_one():
    compose_spec = pytest.importorskip("compose_spec")
    made = compose_spec.PyCompose.from_yaml(yaml.safe_dump(compose(EXAMPLE)))
    made.validate()
    made.validate_networks()
    made.validate_volumes()


def test_the_compose_file_needs_a_password_and_shows_none():
    with pytest.raises(KeyError, match=r"\.env"):
        compose({})
    text = (PLACE / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r"://[^/\s]*:[^/\s]*@", text) == []
    assert EXAMPLE["POSTGRES_PASSWORD"] not in text


def test_the_compose_file_passes_a_linter_for_security():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "compose_lint",
            "check",
            "--fail-on",
            "high",
            PLACE / "compose.yaml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_our_services_run_hardened_and_pages_are_for_this_machine():
    made = compose(EXAMPLE)["services"]
    for name in ("mlflow", "forecast"):
        assert made[name]["read_only"]
        assert made[name]["cap_drop"] == ["ALL"]
    ports = [port for service in made.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:5000:5000"]
    assert made["forecast"]["depends_on"] == {"mlflow": {"condition": "service_healthy"}}
    assert made["mlflow"]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_the_versions_of_the_image_are_those_that_the_project_allows():
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((PLACE.parents[1] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = (PLACE / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    named = re.search(r"'\.\[([a-z,]+)\]'", (PLACE / "Dockerfile").read_text())[1]
    assert f"'.[{named}]'" in (PLACE.parents[1] / "Makefile").read_text()
    serves = named.split(",")
    assert serves == ["calendar", "excel", "postgres", "remote"]
    asked = [*project["dependencies"], *(one for extra in serves for one in extras[extra])]
    for requirement in map(Requirement, asked):
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.fixture(scope="module")
def image():
    """The environment of the image, made by the Dockerfile's own commands."""
    version = re.search(r"ARG PYTHON=(\d+\.\d+)", (PLACE / "Dockerfile").read_text())[1]
    python = public_python(version)
    if python is None or not can_isolate():
        pytest.skip(f"needs root, mount namespaces and a Python {version} that every user may run")
    with tempfile.TemporaryDirectory(prefix="fctl-image-", dir="/var/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        made = Image(place)
        made.build(python)
        yield made


@pytest.fixture
def volume(image):
    def make(name):
        path = image.folder / name
        path.mkdir()
        os.chown(path, int(image.user), int(image.user))
        return path

    return make


def _healthy(test, replaced, path):
    """Run a health check of the compose file here."""
    kind, *words = test
    assert kind == "CMD"
    for old, new in replaced.items():
        words = [word.replace(old, new) for word in words]
    done = subprocess.run(words, env={"PATH": path}, capture_output=True, check=False)
    return done.returncode == 0


def _status(address, host):
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310 - our own address
    try:
        return urllib.request.urlopen(request, timeout=60).status  # noqa: S310
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_the_services_work_together_and_write_only_to_their_volumes(image, volume, postgres_base):
    made = compose(EXAMPLE)["services"]
    given = made["database"]["environment"]
    owner, name = given["POSTGRES_USER"], given["POSTGRES_DB"]
    services.execute(postgres_base, f"CREATE ROLE {owner} LOGIN")
    services.execute(postgres_base, f"CREATE DATABASE {name} OWNER {owner}")
    database_port, port = postgres_base.rsplit(":", 1)[1], str(services.free_port())
    path = f"{services._postgres_bin()}:{image.folder}/opt/forecastctl/bin:/usr/bin:/bin"
    ready = [*made["database"]["healthcheck"]["test"], "--port", database_port]
    assert _healthy(ready, {}, path)

    at_server = {"database:5432": f"127.0.0.1:{database_port}", "5000": port}
    artifacts = volume("mlflow")
    server = image.start(made["mlflow"], artifacts, at_server)
    try:
        check = made["mlflow"]["healthcheck"]["test"]
        log = image.folder / "mlflow.log"
        services._wait(lambda: _healthy(check, {"5000": port}, path), server, log)
        pages = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/get?experiment_id=0"
        assert _status(pages, f"mlflow:{port}") == 200
        assert _status(pages, "elsewhere.example") == 403

        work = volume("forecast")
        at_job = {"http://mlflow:5000": f"http://127.0.0.1:{port}"}
        for _ in range(2):
            job = image.start(made["forecast"], work, at_job)
            said = (image.folder / "forecast.log").read_text
            assert job.wait(600) == 0, said()
        assert "8 airports: 8 skipped" in said(), said()
        with (work / "forecasts.csv").open() as file:
            assert len({row["airport"] for row in csv.DictReader(file)}) == 8
        assert list(artifacts.rglob("forecasts.parquet"))
        asked = {**made["forecast"], "command": ["history", "airports", "--json", "--limit", "100"]}
        (image.folder / "forecast.log").unlink()
        assert image.start(asked, work, at_job).wait(600) == 0
        assert len(json.loads(said()[said().index("[") :])) == 8
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(600)
