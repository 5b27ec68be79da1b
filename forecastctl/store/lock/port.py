"""The port of a lock: what keeps two jobs out of one experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from forecastctl.store.alive import Holder


class Lock(Protocol):
    """What one process at a time can hold, and what is given back when that process dies."""

    kind: str
    """Its name, for `Tag.LOCK`. A job with the name of a lock that is held by another is dead."""

    def take(self) -> Holder | None:
        """Try to get it, without waiting for its end; ``None`` where it is had, else who has it.

        Raises:
            TrackingError: The store cannot be used.
        """
        ...

    def keep(self) -> None:
        """See to it, from another thread and now and then, that it is still held.

        Raises:
            TrackingError: The store does not answer.
        """
        ...

    def check(self) -> None:
        """See, before something is written, whether it is still held.

        Raises:
            HeldError: Another process has got it meanwhile.
        """
        ...

    def give_back(self) -> None:
        """Let others have it, or have it once this process ends where the store is away."""
        ...
