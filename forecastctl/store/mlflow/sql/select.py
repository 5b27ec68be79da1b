"""Queries as SQL on MLflow's tables, with the meaning that MLflow's own search gives them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from forecastctl.records.marks import MARK
from forecastctl.store.filters import conditions, parse_order
from forecastctl.store.grammar import ATTRIBUTES, METRICS, TAGS
from forecastctl.store.mlflow.sql.rows import metric_value, to_stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from forecastctl.records import Query, StoredRun
    from forecastctl.store.filters import Predicate
    from forecastctl.store.mlflow.sql.database import Row, Session

HEAD = "r.run_uuid, r.name, r.status, r.start_time, r.end_time"
_TABLES = {"metrics": "latest_metrics", "params": "params", "tags": "tags"}
_ATTRIBUTES = {
    "status": "r.status",
    "run_name": "r.name",
    "run_id": "r.run_uuid",
    "start_time": "r.start_time",
    "end_time": "r.end_time",
}
_CHUNK = 400
_FEW = 1000
_START = 3
NEWEST = "start_time DESC"


class _Select:
    """A SELECT being put together: joins first, so that their parameters come first."""

    def __init__(self, experiment_id: int, ilike: str) -> None:
        self.ilike = ilike
        self.joins: list[str] = []
        self.join_params: list[Any] = []
        # The plus keeps a planner from walking a whole experiment where a mark finds a few runs.
        self.where = ["+r.experiment_id = ?", "r.lifecycle_stage = 'active'"]
        self.where_params: list[Any] = [experiment_id]
        self.mark: tuple[str, Any] | None = None

    def add(self, p: Predicate) -> None:
        """One more condition."""
        if p.kind == ATTRIBUTES:
            text, params = self._comparison(_ATTRIBUTES[p.key], p)
            self.where.append(text)
            self.where_params += params
            return
        table = _TABLES[p.kind]
        if p.op in ("IS NULL", "IS NOT NULL"):
            found = f"EXISTS (SELECT 1 FROM {table} n WHERE n.run_uuid = r.run_uuid AND n.key = ?)"  # noqa: S608 - our own names
            self.where.append(f"NOT {found}" if p.op == "IS NULL" else found)
            self.where_params.append(p.key)
            return
        if self._seek(p, table):
            return
        alias = f"t{len(self.joins)}"
        text, params = self._comparison(f"{alias}.value", p)
        if p.kind == METRICS:
            # A NaN is stored as a flagged zero; it differs from every number.
            nan = f"{alias}.is_nan"
            text = f"({text} OR {nan})" if p.op == "!=" else f"({text} AND NOT {nan})"
        self.joins.append(
            f"JOIN {table} {alias} ON {alias}.run_uuid = r.run_uuid AND {alias}.key = ? AND {text}"
        )
        self.join_params += [p.key, *params]

    def _seek(self, p: Predicate, table: str) -> bool:
        """Start from a mark, whose key few runs carry, and look everything else up from there."""
        if p.op != "=" or p.kind == METRICS:
            return False
        if not self.mark and p.kind == TAGS and p.key.startswith(MARK):
            self.mark = (p.key, p.value)
            return True
        if not self.mark:
            return False
        self.where.append(
            f"(SELECT n.value FROM {table} n WHERE n.key = ? AND n.run_uuid = r.run_uuid) = ?"  # noqa: S608 - our own names
        )
        self.where_params += [p.key, p.value]
        return True

    def sql(self, order_by: str, limit: int, floor: str = "") -> tuple[str, list[Any]]:
        """The statement and its parameters; with a floor, of ids from there on alone."""
        order = self._order(order_by)
        sought, sought_params = self._sought(floor)
        text = (
            f"SELECT {HEAD} FROM runs r {' '.join(self.joins)} "  # noqa: S608 - our own names
            f"WHERE {' AND '.join([*self.where, *sought])} ORDER BY {order} LIMIT ?"
        )
        return text, [*self.join_params, *self.where_params, *sought_params, limit]

    def _sought(self, floor: str) -> tuple[list[str], list[Any]]:
        """Condition of the mark."""
        if self.mark is None:
            return [], []
        found = "r.run_uuid IN (SELECT run_uuid FROM tags WHERE key = ? AND value = ?"
        if floor:
            return [f"{found} AND run_uuid >= ?)"], [*self.mark, floor]
        return [f"{found})"], [*self.mark]

    def _comparison(self, column: str, p: Predicate) -> tuple[str, list[Any]]:
        if isinstance(p.value, tuple):
            return f"{column} {p.op} ({', '.join('?' * len(p.value))})", list(p.value)
        if p.op == "ILIKE":
            return self.ilike.format(column), [p.value]
        return f"{column} {p.op} ?", [p.value]

    def _order(self, order_by: str) -> str:
        by = parse_order(order_by)
        direction = "ASC" if by.ascending else "DESC"
        if by.kind == ATTRIBUTES:
            value = _ATTRIBUTES[by.key]
            rank = f"CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"
        else:
            value = "o.value"
            nan = "WHEN o.is_nan THEN 1 " if by.kind == METRICS else ""
            rank = f"CASE {nan}WHEN o.value IS NULL THEN 2 ELSE 0 END"
            self.joins.append(
                f"LEFT JOIN {_TABLES[by.kind]} o ON o.run_uuid = r.run_uuid AND o.key = ?"
            )
            self.join_params.append(by.key)
        if value == "r.start_time":  # never null: nothing to rank
            return f"r.start_time {direction}, r.run_uuid"
        return f"{rank}, {value} {direction}, r.start_time DESC, r.run_uuid"


def find(session: Session, experiment_id: int, query: Query, ilike: str) -> list[StoredRun]:
    """Runs of an experiment that meet a query.

    Raises:
        UsageError: The query's filter or order cannot be understood.
    """
    select = _Select(experiment_id, ilike)
    wanted = sorted(conditions(query), key=_commonness)
    for predicate in wanted:
        select.add(predicate)
    limit = max(query.limit, 0)
    if select.mark and query.order_by == NEWEST and 0 < limit <= _FEW:
        newest = _newest(session, select, select.mark[0], limit)
        if newest is not None:
            return load(session, newest)
    return load(session, session.rows(*select.sql(query.order_by, limit)))


def _commonness(p: Predicate) -> int:
    """The rarest first, from which is started: marks of one thing, then those of all of a kind."""
    if p.kind != TAGS or not p.key.startswith(MARK):
        return 2
    return int("." not in p.key.removeprefix(MARK))


def _newest(
    session: Session, select: _Select, mark: str, limit: int
) -> list[tuple[Any, ...]] | None:
    """The newest runs that carry a mark, without sorting all that do; ``None`` where that fails.

    Ids that begin with a time (UUIDv7) are made when a run is recorded, after it started. So once
    the oldest run wanted started after the time of the lowest id looked at, no run with a lower id
    can belong to the answer.
    """
    for looked_at in (4 * limit + 50, 64 * limit + 1000):
        floor = list(
            session.rows(
                "SELECT run_uuid FROM tags WHERE key = ? ORDER BY run_uuid DESC LIMIT 1 OFFSET ?",
                [mark, looked_at],
            )
        )
        if not floor:
            return None
        lowest = str(floor[0][0])
        text, params = select.sql(NEWEST, limit, floor=lowest)
        heads = list(session.rows(text, params))
        if len(heads) == limit and _recorded_ms(lowest) <= heads[-1][_START]:
            return heads
    return None


def _recorded_ms(run_id: str) -> float:
    """Time in a UUIDv7; of any other id nothing is known."""
    return int(run_id[:12], 16) if run_id[12] == "7" else math.inf


def load(session: Session, heads: Sequence[Row]) -> list[StoredRun]:
    """Complete runs from their `HEAD` columns."""
    ids = [str(head[0]) for head in heads]
    params: dict[str, dict[str, str]] = {i: {} for i in ids}
    tags: dict[str, dict[str, str]] = {i: {} for i in ids}
    metrics: dict[str, dict[str, float]] = {i: {} for i in ids}
    for run_id, key, value in _of(session, ids, "run_uuid, key, value", "params"):
        params[run_id][key] = value
    for run_id, key, value in _of(session, ids, "run_uuid, key, value", "tags"):
        tags[run_id][key] = value or ""
    for run_id, key, value, is_nan in _of(
        session, ids, "run_uuid, key, value, is_nan", "latest_metrics"
    ):
        metrics[run_id][key] = metric_value(value, is_nan=bool(is_nan))
    return [to_stored(h, params[i], metrics[i], tags[i]) for i, h in zip(ids, heads, strict=True)]


def _of(session: Session, ids: Sequence[str], columns: str, table: str) -> Iterator[Row]:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        yield from session.rows(
            f"SELECT {columns} FROM {table} WHERE run_uuid IN ({marks})",  # noqa: S608
            chunk,
        )


def absent(session: Session, run_ids: Iterable[str]) -> set[str]:
    """Those of some ids that no run in any experiment has, deleted ones included."""
    left = set(run_ids)
    asked = sorted(left)
    for start in range(0, len(asked), _CHUNK):
        part = asked[start : start + _CHUNK]
        marks = ", ".join("?" * len(part))
        rows = session.rows(f"SELECT run_uuid FROM runs WHERE run_uuid IN ({marks})", part)  # noqa: S608 - marks alone
        left -= {str(run_id) for (run_id,) in rows}
    return left
