"""Every line of every shell block in the documentation is run as it stands, or is named here.

The files that the guides ask about are made first. Settings from the environment make every job
small; the lines themselves are not changed, but for ids of jobs and runs, which only a store knows,
for `/srv`, which is a folder of the test, and for a backtest of thirteen years, which takes ten months.
"""

import io
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from tests.docs.test_commands import END_OF_COMMAND, FENCE, PAGES, ROOT

OTHER_TOOLS = (
    *("make", "pip", "python benchmarks/", "git worktree"),  # installs, takes hours
    *("dask", "ray", "mlflow", "curl", "python examples/rest_query.py"),  # servers
    *("createdb", "pg_", "sqlite3", "cp "),  # backups, to another place
    *("docker", "podman"),
)
"""What the lines begin with that are not ours, and need what no test has."""

ELSEWHERE = re.compile(
    r"example\.org|postgresql://|127\.0\.0\.1|--backend (dask|ray|spark)|--metrics /var|forecastctl (ui|serve)"
    r"|/backup/"
)
"""Lines of ours that need a server, an engine or a folder of another service."""

SHELL = re.compile(r"cd |code=\$\?|\[ |export |head |jq ")
FINE = {0, 4, 7}
"""Done; done but for airports with months that look wrong; degraded airports found."""

REFUSED = {"forecastctl run --resume latest": 2}
"""Lines that are refused here, by their exit code: no job was cut off."""

JOB_ID, RUN_ID = r"\d{8}-\d{6}-[0-9a-f]{6}", r"\b[0-9a-f]{32}\b"
NOT_RUN = {"docs/how-to/extend.md"}  # needs the plug-in installed; run by tests/plugins

BLOCKS = [
    (str(page.relative_to(ROOT)), body)
    for page in PAGES
    if page.suffix == ".md" and page.name != "CHANGELOG.md"
    for kind, body in FENCE.findall(page.read_text(encoding="utf-8"))
    if kind in ("sh", "bash")
]


def lines(body):
    """The lines of a block, without comments, those that are continued in one."""
    found, open_line = [], ""
    for raw in re.sub(r"\\\n\s*", "", body).splitlines():
        open_line = f"{open_line}\n{raw}" if open_line else raw.split(" #")[0].strip()
        try:
            shlex.split(open_line)
        except ValueError:  # a quotation that goes on in the next line
            continue
        found += [open_line] if open_line else []
        open_line = ""
    return found


class Shell:
    """Runs lines in one folder, forecastctl in this process."""

    def __init__(self, folder):
        self.folder = folder
        self.ids = {}

    def __call__(self, line):
        """Run a line; returns why not, where it is not run."""
        if line.startswith(OTHER_TOOLS):
            return "another tool"
        if ELSEWHERE.search(line):
            return "elsewhere"
        if SHELL.match(line):
            return "shell"
        for pattern, known in self.ids.items():
            values = iter(known)
            line = re.sub(pattern, lambda _m, values=values: next(values), line)
        line = line.replace("/srv/forecasts", str(self.folder))
        line = line.replace("--to 2013-12", "--to 2001-10")
        words = shlex.split(line)
        assert words[0] == "forecastctl", f"nobody knows how to run this: {line}"
        end = next((i for i, w in enumerate(words) if w in END_OF_COMMAND), len(words))
        limited = {"FORECASTCTL_RUN__BACKEND": "loky"} if "--airport-memory" in words else {}
        done = CliRunner().invoke(app, words[1:end], env=limited)
        fine = {REFUSED[line]} if line in REFUSED else FINE
        assert done.exit_code in fine, f"{line}\n{done.stdout[-800:]}\n{done.stderr[-800:]}"
        rest = words[end:]
        if rest[:1] == [">"]:
            (self.folder / rest[1]).write_text(done.stdout)
        elif rest[:1] == ["|"] and shutil.which(rest[1]):
            after = subprocess.run(
                rest[1:], input=done.stdout, capture_output=True, text=True, check=False
            )
            assert after.returncode in (0, 1), f"{line}\n{after.stderr}"  # grep: 1 is no line
        return None


MAKES_SETTINGS = "docs/how-to/first-steps.md"
"""The page whose reader has no settings file yet."""


@pytest.fixture(scope="module")
def guides(tmp_path_factory, store_template):
    folder = tmp_path_factory.mktemp("guides")
    shutil.copy(store_template, folder / "mlflow.db")
    settings = {
        "TUNE__FAMILIES": "seasonal_naive",
        "TUNE__MAX_EVALS": "1",
        "FORECAST__CHARTS": "false",
        "RUN__BACKEND": "serial",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in settings.items():
            patch.setenv(f"FORECASTCTL_{name}", value)
        yield prepared(folder)


@pytest.fixture
def shell(guides, tmp_path, monkeypatch):
    """What is prepared, for one page alone: no page needs what another one did."""
    folder = tmp_path / "guides"
    shutil.copytree(guides.folder, folder)
    monkeypatch.chdir(folder)
    run = Shell(folder)
    run.ids = guides.ids
    return run


def prepared(folder):
    """The files of the guides, the jobs that `docs/index.md` makes to ask about, and a backtest."""
    run = Shell(folder)
    (made,) = (body for page, body in BLOCKS if page == "docs/index.md" and "JFK" in body)
    for line in lines(made):
        assert run(line) is None
    panel = pd.read_csv("passengers.csv")
    groups = pd.DataFrame({"airport": ["JFK", "LGA", "EWR", "BOS"]})
    groups = groups.assign(state=["NY", "NY", "NJ", "MA"], hub=["large"] * 3 + ["small"])
    named = {"airport": {"BOS": "KBOS"}}  # one of the guides asks for K*
    groups = groups.replace(named)
    groups.to_csv("airports.csv", index=False)
    panel.replace(named).merge(groups, on="airport").to_csv("traffic.csv", index=False)
    panel.assign(**{"International Passengers": panel["passengers"]}).to_csv(
        "port_authority.csv", index=False
    )
    other = panel.rename(columns={"airport": "unique_id", "date": "ds", "passengers": "y"})
    ends = pd.to_datetime(other["ds"]) + pd.offsets.MonthEnd()  # as many-model forecasting has them
    other.assign(ds=ends.dt.strftime("%Y-%m-%d")).to_csv("series.csv", index=False)
    renamed = panel.rename(columns={"date": "month", "passengers": "pax"})
    renamed.to_sql("traffic", "sqlite:///traffic.db", index=False)
    panel["date"] = pd.to_datetime(panel["date"])
    panel.to_parquet("fleet", partition_cols=["airport"], index=False)
    text = '[data]\nsource = "passengers.csv"\n[tracking]\nuri = "sqlite:///mlflow.db"\n'
    Path("forecastctl.toml").write_text(text)
    listed = CliRunner().invoke(app, ["history", "airports", "--csv", "--airport", "JFK"])
    rows = pd.read_csv(io.StringIO(listed.stdout))
    run("forecastctl backtest --from 2001-09 --to 2001-10")
    run.ids = {JOB_ID: rows["job_id"].tolist(), RUN_ID: rows["run_id"].tolist()}
    return run


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({page for page, _ in BLOCKS} - NOT_RUN))
def test_every_line_of_a_page_runs(shell, page):
    if page == MAKES_SETTINGS:
        Path("forecastctl.toml").unlink()
    for body in (body for of, body in BLOCKS if of == page):
        for line in lines(body):
            shell(line)


def test_only_lines_that_need_other_tools_are_not_run():
    """No line is left out for any other reason than those at the top."""
    for page, body in BLOCKS:
        for line in lines(body):
            known = line.startswith((*OTHER_TOOLS, "forecastctl ")) or SHELL.match(line)
            assert known, (page, line)
