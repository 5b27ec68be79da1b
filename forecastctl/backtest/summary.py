"""What a backtest ends with: one account for each origin, and scores by lead."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecastctl.jobs.summary import COUNTED
from forecastctl.records import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_TROUBLE = (Status.FAILED, Status.REJECTED, Status.WITHOUT_SUSPECTS)


@dataclass(frozen=True, slots=True)
class Account:
    """What one origin ended with.

    Attributes:
        origin: The as-of date.
        job_id: Id that its runs share.
        run_id: Its job's run.
        status: ``ok``, ``partial`` or ``failed``.
        counts: Airports by status, and in all.
        losses: Losses in validation of the searches behind its forecasts.
        trouble: Airport, status and reason of those that failed, were rejected, or were forecast
            without what looks wrong in their data.
        left: Airports that are not done, because the backtest ended before.
    """

    origin: str
    job_id: str
    run_id: str
    status: str
    counts: Mapping[str, int]
    losses: tuple[float, ...]
    trouble: tuple[tuple[str, str, str], ...] = ()
    left: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        keys = ("origin", "job_id", "run_id", "status", "left")
        return {**{key: getattr(self, key) for key in keys}, "airports": dict(self.counts)}


def account_of(origin: str, results: Mapping[str, Any]) -> Account:
    """Account of an origin from the summary of its job."""
    lines = results["results"]
    return Account(
        origin=origin,
        job_id=results["job_id"],
        run_id=results["run_id"],
        status=results["status"],
        counts=results["airports"],
        losses=tuple(line["loss"] for line in lines if line["loss"] is not None),
        trouble=tuple(
            (line["airport"], line["status"], line["reason"])
            for line in lines
            if line["status"] in _TROUBLE
        ),
        left=results.get("left", 0),
    )


@dataclass(frozen=True, slots=True)
class BacktestSummary:
    """What a backtest ended with.

    Attributes:
        backtest_id: The same for the same data, settings and origins.
        accounts: One for each origin, in order; without those that nothing was done of, where it
            ended before.
        scores: See `forecastctl.backtest.scores.score_rows`.
        cost: Cost of this call alone.
        resumed: Airports of origins that were recorded before this call.
        left: Origins that are not done, or in part, because it ended before.
        stopped: Why it did, in one sentence.
        table: The forecasts of all origins, one below the other, where they were asked for.
    """

    backtest_id: str
    accounts: tuple[Account, ...]
    scores: Sequence[Mapping[str, Any]]
    cost: Mapping[str, float]
    resumed: int
    left: int = 0
    stopped: str | None = None
    table: pd.DataFrame | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Airports of origins by status, and in all."""
        # Origins that an older version recorded know fewer statuses.
        return {k: sum(a.counts.get(k, 0) for a in self.accounts) for k in ("total", *COUNTED)}

    @property
    def status(self) -> str:
        """``ok``, or ``partial`` where an airport failed at an origin or something is left."""
        return "partial" if self.left or self.counts["failed"] else "ok"

    @property
    def validation_loss(self) -> float | None:
        """Median of the losses in validation: what the searches expected."""
        losses = [loss for account in self.accounts for loss in account.losses]
        return statistics.median(losses) if losses else None

    def trouble(self) -> list[dict[str, Any]]:
        """Airports of `Account.trouble`: at how many origins, and the reason at the last one."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for account in self.accounts:
            for airport, status, reason in account.trouble:
                row = rows.setdefault(
                    (airport, status),
                    {"airport": airport, "status": status, "origins": 0, "first": account.origin},
                )
                row |= {"origins": row["origins"] + 1, "last": account.origin, "reason": reason}
        return sorted(rows.values(), key=lambda row: (row["status"], -row["origins"]))

    def to_dict(self) -> dict[str, Any]:
        """The ``--json`` summary."""
        return {
            "backtest_id": self.backtest_id,
            "origins": [account.to_dict() for account in self.accounts],
            "airports": self.counts,
            "validation_loss": self.validation_loss,
            "scores": [dict(row) for row in self.scores],
            "cost": dict(self.cost),
            "resumed": self.resumed,
            "left": self.left,
            "stopped": self.stopped,
        }

    def with_ids(self, ids: Mapping[str, str]) -> BacktestSummary:
        """The same with other ids of runs, where there are such."""
        accounts = (replace(a, run_id=ids.get(a.run_id, a.run_id)) for a in self.accounts)
        return replace(self, accounts=tuple(accounts))
