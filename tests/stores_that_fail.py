"""A store in memory that goes away, and comes back."""

from forecastctl.errors import TrackingError
from forecastctl.store.memory import MemoryTracker


class AwayError(TrackingError):
    """What a store says that is away."""


class Fails(MemoryTracker):
    """Is away from one write on, until it is told to be back.

    Args:
        at: Number of the write, from 0; ``None`` for never.
        lost: Whether that write is carried out all the same, and only its answer lost.
    """

    def __init__(self, at=None, *, lost=False):
        super().__init__()
        self.left = at
        self.lost = lost
        self.away = False

    def back(self, at=None, *, lost=False):
        self.left, self.lost, self.away = at, lost, False

    def start(self, run, parent_id=None):
        return self._write_or_fail(lambda: super(Fails, self).start(run, parent_id))

    def record(self, runs, parent_id=None):
        return self._write_or_fail(lambda: super(Fails, self).record(runs, parent_id))

    def update(self, run_id, update):
        return self._write_or_fail(lambda: super(Fails, self).update(run_id, update))

    def find(self, query):
        self._answer()
        return super().find(query)

    def get(self, run_id):
        self._answer()
        return super().get(run_id)

    def read_artifact(self, run_id, path):
        self._answer()
        return super().read_artifact(run_id, path)

    def _answer(self):
        if self.away:
            raise AwayError("the store is away")

    def _write_or_fail(self, act):
        self._answer()
        if self.left == 0:
            self.left = None
            if self.lost:
                self._inside(act)
            self.away = True
            raise AwayError("the store went away")
        if self.left is not None:
            self.left -= 1
        return self._inside(act)

    def _inside(self, act):
        """Do it without being asked by itself whether it is away."""
        away, self.away = self.away, False
        left, self.left = self.left, None
        try:
            return act()
        finally:
            self.away, self.left = away, left
