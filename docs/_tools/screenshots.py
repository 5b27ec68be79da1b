"""``python -m docs._tools.screenshots`` takes the pictures of pages in docs/images again.

It makes the tutorial's data and job in a folder of its own, and opens what comes of them in a
headless Chromium: the page of an explanation, the report, and MLflow's own pages.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from forecastctl.history import HistoryQuery, history
from forecastctl.store.mlflow.pages import experiment_id, keep_view, pages
from forecastctl.store.open import open_tracker
from tests.services import browser_page

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = Path(__file__).resolve().parents[1] / "images"
MOST_BYTES = 200_000
SIZE = {"width": 1440, "height": 900}

COMMANDS = (
    "sample --out passengers.csv",
    "run --data passengers.csv --as-of 2014-09 --horizon 6 --quiet",
    "explain --airport UCW --date 2015-01 --html why.html",
    "run --data passengers.csv --as-of 2019-06 --horizon 6 --quiet",
    "plot LHN --out forecast.png",
    "report --quiet",
)
"""The tutorial's jobs, that of 2019 at the end, so that report and MLflow show it first."""


def take(folder: Path, images: Path) -> list[Path]:
    """Make the jobs in a folder, and write the pictures; returns their paths."""
    for command in COMMANDS:
        _forecastctl(command, folder)
    with browser_page() as page, _mlflow(f"sqlite:///{folder / 'mlflow.db'}") as address:
        page.set_viewport_size(SIZE)
        page.goto((folder / "why.html").as_uri())
        pictures = {"explain.png": page.screenshot()}
        page.goto((folder / "report/index.html").as_uri())
        pictures["report.png"] = page.screenshot()
        pictures["mlflow-experiment.png"] = _experiment(page, address(None))
        pictures["mlflow-run.png"] = _run(page, address("WYB"))
    pictures["forecast.png"] = (folder / "forecast.png").read_bytes()
    return [_written(images / name, picture) for name, picture in pictures.items()]


def _experiment(page: Any, address: str) -> Any:
    """MLflow's table of runs, the newest job unfolded."""
    page.goto(address)
    page.get_by_text("Load more").wait_for()
    _close(page, "Close")
    page.get_by_role("row").filter(has_text="run 2").first.get_by_role("button").first.click()
    page.get_by_text("WYB").first.wait_for()
    return page.screenshot()


def _run(page: Any, address: str) -> Any:
    """The curves of an airport's run."""
    page.goto(address)
    page.get_by_role("tab", name="Model metrics").click()
    _close(page, "Close")
    page.locator(".js-plotly-plot .scatterlayer").nth(3).wait_for()
    return page.screenshot()


def _close(page: Any, name: str) -> None:
    """Close a panel that MLflow opens for a new browser."""
    panel = page.get_by_role("button", name=name, exact=True)
    if panel.count():
        panel.first.click()


def _forecastctl(command: str, folder: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "FORECASTCTL_"))}
    words = [sys.executable, "-m", "forecastctl", *command.split()]
    subprocess.run(words, cwd=folder, env=kept, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


@contextmanager
def _mlflow(store: str) -> Iterator[Any]:
    """MLflow's pages over a store; gives the address of the experiment or of an airport's run."""
    tracker = open_tracker(store, "forecastctl", reading=True)
    number = experiment_id(store, "forecastctl")
    with pages(store) as shown:
        view = keep_view(shown.base, number)

        def address(airport: str | None) -> str:
            if airport is None:
                return shown.at(number, None, view)
            (row,) = history(tracker, HistoryQuery("airports", airport, None, limit=1))
            return shown.at(number, str(row["run_id"]), None)

        yield address


def _written(path: Path, picture: bytes) -> Path:
    """Write a picture with the few colours that a page has."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size:,} bytes, more than {MOST_BYTES:,}")
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.stdout.writelines(f"wrote {path}\n" for path in take(Path(made), IMAGES))
