"""A lock in PostgreSQL. The server gives it back when its connection ends."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from forecastctl.errors import HeldError
from forecastctl.store.alive import Holder

if TYPE_CHECKING:
    from forecastctl.store.mlflow.sql.postgres import PostgresDatabase

_APPLICATION = "forecastctl"
_TRIES = 3
"""It may just have been given back where nobody is seen to hold it."""
_ALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
"""So that the server notices within a minute that a computer is gone."""
_WHO = """
SELECT a.application_name, extract(epoch FROM a.backend_start) * 1000
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.classid::bigint = %s AND l.objid::bigint = %s
"""


class AdvisoryLock:
    """An advisory lock of a session, on a connection of its own.

    Args:
        database: The store.
        experiment: Name of the experiment.
        holder: Who wants it.
    """

    kind = "advisory"

    def __init__(self, database: PostgresDatabase, experiment: str, holder: Holder) -> None:
        digest = hashlib.sha256(f"{_APPLICATION} {experiment}".encode("utf-8", "replace")).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._database, self._holder = database, holder
        self._connection: Any = None
        self._guard = threading.Lock()
        self._lost: Holder | None = None

    def take(self) -> Holder | None:
        """Try to get it."""
        with self._guard, self._database.translated():
            return self._try()

    def keep(self) -> None:
        """See that the connection lives; where it was lost, get the lock again."""
        with self._guard, self._database.translated():
            if self._connection is None:
                return
            try:
                self._ask("SELECT 1")
            except self._database.driver.Error:
                with suppress(self._database.driver.Error):
                    self._connection.close()
                self._lost = self._try()

    def check(self) -> None:
        """See whether another process got it while the connection was lost."""
        if self._lost is not None:
            raise HeldError(
                f"The connection to {self._database.address.shown} was lost, and another job has "
                f"the experiment since: {self._lost}."
            )

    def give_back(self) -> None:
        """Let others have it."""
        with self._guard:
            if self._connection is not None:
                with suppress(self._database.driver.Error):
                    self._connection.close()
                self._connection = None

    def _try(self) -> Holder | None:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        high, low = (self._key >> 32) & 0xFFFFFFFF, self._key & 0xFFFFFFFF
        for _ in range(_TRIES):
            if self._ask("SELECT pg_try_advisory_lock(%s)", self._key)[0][0]:
                return None
            if rows := self._ask(_WHO, high, low):
                return _read(*rows[0])
        return Holder()

    def _open(self) -> Any:
        connection = self._database.connection()
        connection.autocommit = True
        with connection.cursor() as cursor:
            who = f"{_APPLICATION} {self._holder.command} {self._holder.pid} {self._holder.host}"
            plain = who.encode("ascii", "replace").decode("ascii")[:63]
            cursor.execute("SET application_name = %s", (plain,))
            for name, value in _ALIVE.items():
                cursor.execute(f"SET {name} = {value}")
        return connection

    def _ask(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


def _read(name: object, start_ms: Any) -> Holder:
    """Who holds it, by the name of a connection; nothing of it where that may not be seen."""
    words = str(name or "").split(" ", 3)
    start = int(start_ms or 0)
    if len(words) < 4 or words[0] != _APPLICATION or not words[2].isdecimal():  # noqa: PLR2004
        return Holder(start_ms=start)
    return Holder(words[1], words[3], int(words[2]), start)
