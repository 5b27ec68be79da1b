"""The chart that is asked for: what it shows is read, then drawn.

Nothing is fitted again, except where a miss is split into parts.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.page.svg import settings, svg_bytes
from forecastctl.figures import period
from forecastctl.recording.airports import is_recorded, not_recorded
from forecastctl.recording.context import airport_key
from forecastctl.recording.read import read_forecast, read_trials, read_tuning, searched_by
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Query
from forecastctl.records.calendar import parse_as_of
from forecastctl.records.marks import SET, airport_mark, job_mark
from forecastctl.records.schema import LIVE, TRUE, Param, Tag
from forecastctl.records.series import future_ds
from forecastctl.viz.style import (
    INK,
    MUTED,
    PAPER,
    folded,
    glyphs_missing_quietly,
    one_line,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

KINDS: Final = ("forecast", "backtest", "trials", "parts", "vintages", "residuals")
OF_A_PERIOD: Final = ("parts", "vintages")
"""Charts about one period."""

SIZE = (9.2, 4.4)
DPI = 110
LONGEST = 300
RUNS_READ = 500
_NO_SEARCH = "Its model was not searched: the series is too short for a backtest."


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be drawn.

    Attributes:
        airport: As spelt in the data.
        kind: One of `KINDS`.
        date: A day of the period that a chart of `OF_A_PERIOD` is about.
        as_of: The newest that knew no period after this day, backtests included; ``None`` for the
            newest live one.
        job_id: Only this job; ``None`` for the newest that has it.
    """

    airport: str
    kind: str
    date: str | None = None
    as_of: str | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart before it is drawn.

    Attributes:
        said: What it shows, in one line.
        draw: Draws it onto axes.
        stamp: What it is of, for the name of a file: a cutoff or a period.
    """

    said: str
    draw: Callable[[Any], None]
    stamp: str


def drawing(tracker: Tracker, asked: Asked) -> Drawing:
    """Read what a chart shows.

    Raises:
        NothingRecordedError: It is not recorded; with the name that may be meant, where the airport
            is not.
    """
    if not is_recorded(tracker, asked.airport):
        raise not_recorded(tracker, asked.airport)
    made = {
        "forecast": _forecast,
        "backtest": _backtest,
        "trials": _trials,
        "residuals": _residuals,
    }
    return made.get(asked.kind, _of_a_period)(tracker, asked)


def picture(asked: Asked, found: Drawing, kind: str) -> bytes:
    """Draw a chart: ``png`` or ``svg``.

    Args:
        asked: What was asked for.
        found: What it shows.
        kind: Of the picture.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(settings()), glyphs_missing_quietly():
        figure: Any = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER, layout="constrained")
        FigureCanvasAgg(figure)
        name = shortened(figure, one_line(asked.airport, LONGEST), 0.94, 13, "bold")
        said = folded(figure, one_line(found.said, LONGEST), 0.96, 9)[:2]
        head, body = figure.subfigures(2, 1, height_ratios=(0.55 + 0.15 * len(said), 4))
        style = {"va": "top", "parse_math": False}
        head.text(0.015, 0.88, name, color=INK, fontsize=13, fontweight="bold", **style)
        head.text(0.015, 0.45, "\n".join(said), color=MUTED, fontsize=9, **style)
        found.draw(body.add_subplot())
        if kind == "svg":
            return svg_bytes(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()


def _runs(tracker: Tracker, asked: Asked, stage: Tag, **tags: str) -> list[StoredRun]:
    """Runs of the airport that hold a stage, newest first."""
    marks = {airport_mark(airport_key(asked.airport)): SET, stage: TRUE, **tags}
    if asked.job_id is not None:
        marks[job_mark(asked.job_id)] = SET
    runs = tracker.find(Query(tags=marks, status=FINISHED, limit=RUNS_READ))
    return [run for run in runs if not RunOf(run).superseded and _knew(run, asked.as_of)]


def _knew(run: StoredRun, as_of: str | None) -> bool:
    """Whether a run knew no period that ended after a day."""
    if as_of is None:
        return True
    of = RunOf(run)
    next_first = future_ds(of.cutoff, of.freq, 1)[0]
    return bool(next_first.astype(int) - 1 <= parse_as_of(as_of))


def _newest(tracker: Tracker, asked: Asked, stage: Tag) -> StoredRun:
    """The run that is drawn.

    Raises:
        NothingRecordedError: There is none.
    """
    narrowed = asked.job_id is not None or asked.as_of is not None
    live = {} if narrowed else {str(Tag.ORIGIN): str(LIVE)}
    runs = _runs(tracker, asked, stage, **live)
    if runs:
        return runs[0] if asked.as_of is None else max(runs, key=lambda run: RunOf(run).cutoff)
    what = {Tag.TUNED: "search", Tag.TRAINED: "model", Tag.FORECAST: "forecast"}[stage]
    limits = [f" in job {asked.job_id}"] if asked.job_id else []
    limits += [f" up to {asked.as_of}"] if asked.as_of else []
    raise NothingRecordedError(
        f"No {what} of airport '{asked.airport}'{''.join(limits)} is recorded.",
        "'forecastctl history airports --airport NAME' lists what is.",
    )


def _where(run: StoredRun) -> str:
    of = RunOf(run)
    return f"job {of.job_id}, data up to {period(of.cutoff, of.freq)}"


def _forecast(tracker: Tracker, asked: Asked) -> Drawing:
    from forecastctl.explain.read.series import series_of, stored_source
    from forecastctl.recording.forecast_rows import forecast_rows
    from forecastctl.viz.forecast import draw_fan, forecast_data

    run = _newest(tracker, asked, Tag.FORECAST)
    forecast = read_forecast(tracker, run)
    source = stored_source(tracker, run)
    series = series_of(source, asked.airport, RunOf(run).cutoff, run=run)
    if series is None:
        raise NothingRecordedError("The series behind the forecast cannot be prepared again.")
    model = RunOf(run).model or "unknown"
    rows = forecast_rows(tracker, [run], len(forecast.mean))
    came = {row["date"]: row["actual"] for row in rows if row["actual"] is not None}
    chart = forecast_data(series, forecast, model)
    said = f"Forecast by {model}; {_where(run)}."
    return Drawing(said, lambda axes: draw_fan(axes, chart, came), RunOf(run).cutoff)


def _backtest(tracker: Tracker, asked: Asked) -> Drawing:
    from forecastctl.plot.draw import draw_backtest
    from forecastctl.plot.values import backtest_data

    run, tuned_run = _searched(tracker, asked)
    tuned = read_tuning(tracker, tuned_run)
    forecast = read_forecast(tracker, run) if RunOf(run).holds(Tag.FORECAST) else None
    chart = backtest_data(tuned, forecast)
    if chart is None:
        raise NothingRecordedError(_NO_SEARCH)
    said = f"Errors of the backtest by lead: {len(chart.folds)} folds; {_where(tuned_run)}."
    return Drawing(said, lambda axes: draw_backtest(axes, chart), RunOf(tuned_run).cutoff)


def _trials(tracker: Tracker, asked: Asked) -> Drawing:
    from forecastctl.plot.draw import draw_trials
    from forecastctl.plot.values import trials_data

    _, run = _searched(tracker, asked)
    loss = run.params.get(Param.LOSS, "loss")
    chart = trials_data(read_trials(tracker, run), read_tuning(tracker, run), loss)
    if chart is None:
        raise NothingRecordedError(_NO_SEARCH)
    said = f"The search, trial by trial: {RunOf(run).model or 'no model'}; {_where(run)}."
    return Drawing(said, lambda axes: draw_trials(axes, chart), RunOf(run).cutoff)


def _searched(tracker: Tracker, asked: Asked) -> tuple[StoredRun, StoredRun]:
    """The newest run with a forecast, else with a search, and the run that holds its search."""
    try:
        run = _newest(tracker, asked, Tag.FORECAST)
    except NothingRecordedError:
        run = _newest(tracker, asked, Tag.TUNED)
    found = searched_by(run)
    return run, tracker.get(found) if isinstance(found, str) else found


def _residuals(tracker: Tracker, asked: Asked) -> Drawing:
    from forecastctl.plot.draw import draw_residuals
    from forecastctl.plot.values import residuals_data
    from forecastctl.recording.forecast_rows import forecast_rows
    from forecastctl.records import ALL_RUNS

    _newest(tracker, asked, Tag.FORECAST)
    runs = _runs(tracker, asked, Tag.FORECAST)
    freq = RunOf(runs[0]).freq
    chart = residuals_data(forecast_rows(tracker, runs, ALL_RUNS), freq)
    if chart is None:
        raise NothingRecordedError(
            f"No recorded forecast of airport '{asked.airport}' has come true in the stored data.",
            "'forecastctl backtest' forecasts the past.",
        )
    leads = min(chart.leads), max(chart.leads)
    ahead = f"{leads[0]}" if leads[0] == leads[1] else f"{leads[0]} to {leads[1]}"
    first, last = (period(str(day), freq) for day in (chart.ds[0], chart.ds[-1]))
    said = f"Errors of the newest forecast of each period, {ahead} ahead; {first} to {last}."
    return Drawing(said, lambda axes: draw_residuals(axes, chart), str(chart.ds[-1]))


def _of_a_period(tracker: Tracker, asked: Asked) -> Drawing:
    from forecastctl.explain.answer import explain
    from forecastctl.explain.page import charts, draw, words
    from forecastctl.explain.question import Question
    from forecastctl.explain.read.period import newest_period

    day = asked.date or str(newest_period(tracker, asked.airport, None))
    quick = asked.kind != "parts"  # a miss is split by a few new fits, as in `explain`
    answer = explain(tracker, Question(asked.airport, day, quick=quick)).answer
    data: Any = (
        charts.parts_data(answer) if asked.kind == "parts" else charts.evolution_data(answer)
    )
    if isinstance(data, charts.Missing):
        raise NothingRecordedError(data.sentence)
    drawn: Callable[[Any, Any], None] = (
        draw.draw_parts if asked.kind == "parts" else draw.draw_evolution
    )
    freq = RunOf(tracker.get(answer.lineage.run_id)).freq
    said = words.figures(answer, freq) or f"{period(answer.date, freq)}."
    return Drawing(said, lambda axes: drawn(axes, data), answer.date)
