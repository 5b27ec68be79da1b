"""A family whose weights were learned elsewhere and lie in a file, as a foundation model's do."""

import hashlib
import os
from functools import cache
from pathlib import Path

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models import Choice, Fit

VARIABLE = "EXAMPLE_WEIGHTS"
"""Names the file: of NumPy, with a matrix ``weights`` of (periods ahead, periods looked at)."""


@cache
def read(path):
    """The weights, and the digest by which the record names them."""
    content = Path(path).read_bytes()
    with np.load(path) as file:
        return file["weights"], hashlib.sha256(content).hexdigest()[:16]


class WeightsFile:
    """Holds no state but its weights. Without them it cannot be made, which ends the command."""

    name = "weights_file"

    def __init__(self):
        path = os.environ.get(VARIABLE)
        if not path or not Path(path).is_file():
            raise ValueError(f"{VARIABLE} names no file of weights")
        self.weights, self.digest = read(path)

    @property
    def starts(self):
        return ({"weights": self.digest},)

    def space(self, y, season_length, shortest):
        return {"weights": Choice((self.digest,))} if self.weights.shape[1] < shortest else None

    def label(self, options):
        return f"Weights {options['weights'][:6]}"

    def fit(self, y, season_length, options):
        """Nothing is learned: what was seen last is kept, and how far the weights were off."""
        self._check(options)
        looked = self.weights.shape[1]
        if len(y) <= looked or not np.all(np.isfinite(y)):
            raise ModelError(f"the weights need more than {looked} of finite data")
        windows = np.lib.stride_tricks.sliding_window_view(y, looked)[:-1]
        off = [y[looked + i] - self._next(window)[0] for i, window in enumerate(windows)]
        sigma = float(np.sqrt(np.mean(np.square(off))))
        return Fit({}, {"last": [float(value) for value in y[-looked:]]}, sigma)

    def forecast(self, fit, season_length, options, h):
        """What lies farther ahead than the weights go is forecast from forecasts."""
        self._check(options)
        path = np.array(fit.states["last"])
        looked = len(path)
        while len(path) < looked + h:
            path = np.append(path, self._next(path[-looked:]))
        return path[looked : looked + h], fit.sigma * np.sqrt(1.0 + np.arange(h) / looked)

    def _next(self, window):
        """The same at any level: weights are of windows with a mean of one."""
        size = float(np.mean(np.abs(window))) or 1.0
        return self.weights @ (window / size) * size

    def _check(self, options):
        """A recorded model needs the weights that it was made with."""
        if options["weights"] != self.digest:
            raise ModelError(f"{VARIABLE} names other weights: {self.digest}")
