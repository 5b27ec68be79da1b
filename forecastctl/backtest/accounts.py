"""What a backtest knows of the origins that it has dealt with, and what this call of it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.backtest.scores import Actuals, score_rows, tally
from forecastctl.backtest.summary import BacktestSummary
from forecastctl.records import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from forecastctl.backtest.scores import Tally
    from forecastctl.backtest.summary import Account
    from forecastctl.records import AirportResult


@dataclass(slots=True)
class Cost:
    """What this call cost: seconds, milliseconds, and airports worked at."""

    cpu: float = 0.0
    objective: float = 0.0
    prepare_ms: int = 0
    airports: int = 0

    def add(self, result: AirportResult) -> None:
        """Count one airport at one origin."""
        self.cpu += result.cpu_seconds
        self.objective += result.objective_seconds
        self.airports += result.status is not Status.SKIPPED

    def to_dict(self, wall: float) -> dict[str, float]:
        """The ``cost`` of a summary, for a call of so many seconds."""
        wall = max(wall, 1e-3)
        return {
            "wall_seconds": round(wall, 3),
            "prepare_seconds": round(self.prepare_ms / 1000, 3),
            "cpu_seconds": round(self.cpu, 3),
            "objective_seconds": round(self.objective, 3),
            "airports_per_minute": round(60 * self.airports / wall, 2),
        }


class Accounts:
    """Of each origin its account and the sums of its scores; its forecasts where they are wanted.

    Args:
        actuals: What came true.
        levels: Interval levels in percent.
        tables: Whether the forecasts are wanted.
    """

    def __init__(self, actuals: Actuals, levels: Sequence[int], *, tables: bool) -> None:
        self._actuals, self._levels, self._wanted = actuals, levels, tables
        self._accounts: dict[int, Account] = {}
        self._tallies: dict[int, Tally] = {}
        self._tables: dict[int, pd.DataFrame] = {}

    def add(self, position: int, account: Account, table: pd.DataFrame | None) -> None:
        """Enter an origin.

        Args:
            position: Its number.
            account: What it ended with.
            table: Its forecasts, or ``None`` where there are none.
        """
        self._accounts[position] = account
        if table is None:
            return
        self._tallies[position] = tally(table, self._actuals, self._levels)
        if self._wanted:
            self._tables[position] = table

    @property
    def complete(self) -> int:
        """How many origins have all of their airports done."""
        return sum(account.left == 0 for account in self._accounts.values())

    def summary(
        self,
        name: str,
        cost: dict[str, float],
        resumed: int,
        left: int = 0,
        stopped: str | None = None,
    ) -> BacktestSummary:
        """What the backtest ended with; see `BacktestSummary`."""
        return BacktestSummary(
            backtest_id=name,
            accounts=tuple(self._accounts[p] for p in sorted(self._accounts)),
            scores=score_rows([self._tallies[p] for p in sorted(self._tallies)]),
            cost=cost,
            resumed=resumed,
            left=left,
            stopped=stopped,
            table=self._table(),
        )

    def _table(self) -> pd.DataFrame | None:
        """The forecasts of all origins, one below the other."""
        import pandas as pd

        tables = [self._tables[p] for p in sorted(self._tables)]
        filled = [table for table in tables if len(table)]
        if filled:
            return pd.concat(filled, ignore_index=True)
        return tables[0] if tables else None
