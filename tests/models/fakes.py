"""A family whose forecasts are off by as much as its options say, for tests of the search."""

from typing import ClassVar

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models import Choice, Fit, Uniform


class Fake:
    name = "fake"
    starts = ({"bias": "none"}, {"bias": "given", "amount": 0.5}, {"bias": "unknown"})
    fitted: ClassVar[list] = []

    def space(self, y, season_length, shortest):
        given = {"bias": "given", "amount": Uniform(0.0, 1.0)}
        return {"bias": Choice(("none", "raise", "bug", "diverge", "nan", given))}

    def label(self, options):
        return f"Fake {options['bias']}"

    def fit(self, y, season_length, options):
        type(self).fitted.append((len(y), dict(options)))
        if options["bias"] == "raise":
            raise ModelError("no luck today")
        if options["bias"] == "bug":
            raise TypeError("a bug")
        return Fit({}, {"last": [float(v) for v in y[-season_length:]]}, 1.0)

    def forecast(self, fit, season_length, options, h):
        last = np.array([fit.states["last"][k % season_length] for k in range(h)])
        factor = {"none": 1.0, "diverge": 1e6, "nan": np.nan}.get(options["bias"])
        factor = 1.0 + options["amount"] if factor is None else factor
        return last * factor, np.full(h, 1e9 if options["bias"] == "wide" else 10.0)
