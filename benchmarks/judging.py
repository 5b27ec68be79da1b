"""How forecasts of a panel are judged, and the table of it: used by ``accuracy.py`` and others."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models.metrics import smape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accuracy import Case

LEVELS = (80, 95)
RESAMPLES = 2000


def judged(cases: Sequence[Case], rows: Sequence[Any]) -> dict[str, Any]:
    """MASE, coverage, interval score and CPU seconds by series; NaN where there is no forecast."""
    columns: dict[str, list[float]] = {"mase": [], "smape": [], "mape": [], "seconds": []}
    for level in LEVELS:
        columns |= {f"cover-{level}": [], f"score-{level}": []}
        columns |= {f"cover-{level}-third-{third}": [] for third in (1, 2, 3)}
    for case, row in zip(cases, rows, strict=True):
        if row is None or None in row["mean"]:
            for values in columns.values():
                values.append(math.nan)
            continue
        y, h = case.test, len(case.test)
        columns["mase"].append(float(np.mean(np.abs(y - row["mean"][:h]))) / case.scale)
        columns["smape"].append(100.0 * smape(y, np.array(row["mean"][:h])))
        columns["mape"].append(mape(y, np.array(row["mean"][:h])))
        columns["seconds"].append(row["seconds"])
        for level in LEVELS:
            bounds = tuple(
                np.array(row[f"{side}-{level}"][:h], dtype=float) for side in ("lo", "hi")
            )
            inside, score = interval(y, *bounds, level)
            columns[f"cover-{level}"].append(inside)
            for third, held in enumerate(thirds(y, *bounds), 1):
                columns[f"cover-{level}-third-{third}"].append(held)
            columns[f"score-{level}"].append(score / case.scale)
    return {name: np.array(values) for name, values in columns.items()}


def mape(y: Any, mean: Any) -> float:
    """Mean absolute error in percent of the actual, where that is not zero; NaN where all are."""
    known = y > 0
    return float(100.0 * np.mean(np.abs(y - mean)[known] / y[known])) if known.any() else math.nan


def interval(y: Any, lo: Any, hi: Any, level: int) -> tuple[float, float]:
    """Share of actuals inside, and mean interval score."""
    tail = 1.0 - level / 100.0
    score = hi - lo + 2.0 / tail * (np.maximum(lo - y, 0.0) + np.maximum(y - hi, 0.0))
    return float(np.mean((lo <= y) & (y <= hi))), float(np.mean(score))


def thirds(y: Any, lo: Any, hi: Any) -> list[float]:
    """Share of actuals inside, in each third of the horizon; NaN for a third without any."""
    inside = (lo <= y) & (y <= hi)
    parts = np.array_split(inside, 3)
    return [float(np.mean(part)) if len(part) else math.nan for part in parts]


def summary(scores: dict[str, dict[str, Any]], ours: str) -> dict[str, Any]:
    answer = {}
    for name, found in scores.items():
        row = {key: float(np.nanmean(values)) for key, values in found.items()}
        row["median"] = float(np.nanmedian(found["mase"]))
        row["failed"] = int(np.sum(~np.isfinite(found["mase"])))
        if name != ours:
            row["difference"] = bootstrap(scores[ours]["mase"] - found["mase"])
        answer[name] = row
    return answer


def bootstrap(differences: Any) -> tuple[float, float, float]:
    """Mean of the differences with a 95 % percentile interval over resampled series."""
    known = differences[np.isfinite(differences)]
    rng = np.random.default_rng(0)
    means = [float(np.mean(rng.choice(known, len(known)))) for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(np.mean(known)), float(low), float(high)


def text(cases: Sequence[Case], scores: dict[str, dict[str, Any]], ours: str) -> str:
    head = (
        "MASE",
        "median",
        "sMAPE",
        "MAPE",
        "CPU s",
        *(f"{x} %" for x in LEVELS),
        *(f"IS {x}" for x in LEVELS),
    )
    lines = [
        f"{len(cases)} series, load average {os.getloadavg()[0]:.1f}",
        " " * 12
        + "".join(f"{h:>9}" for h in (*head, "failed"))
        + "".join(f"{f'{x} by third':>12}" for x in LEVELS)
        + "   ours - theirs (95 %)",
    ]
    for name, row in summary(scores, ours).items():
        shares = [100.0 * row[f"cover-{level}"] for level in LEVELS]
        widths = [row[f"score-{level}"] for level in LEVELS]
        line = f"{name:<12}{row['mase']:>9.4f}{row['median']:>9.4f}"
        line += f"{row['smape']:>9.2f}{row['mape']:>9.2f}{row['seconds']:>9.3f}"
        line += "".join(f"{v:>9.1f}" for v in shares) + "".join(f"{v:>9.3f}" for v in widths)
        line += f"{row['failed']:>9}"
        by_third = [
            "/".join(f"{100.0 * row[f'cover-{level}-third-{third}']:.0f}" for third in (1, 2, 3))
            for level in LEVELS
        ]
        line += "".join(f"{shares:>12}" for shares in by_third)
        if "difference" in row:
            line += "   {:+.4f} ({:+.4f} to {:+.4f})".format(*row["difference"])
        lines.append(line)
    return "\n".join(lines)
