"""On real airports, the optimum found is no worse than that of statsmodels."""

import itertools

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecastctl.models.parts import smoothing_fit as sf

FORMS = list(itertools.product(("none", "add", "damped"), ("none", "add", "mul"), (False, True)))


def real_series(folder):
    frame = pd.read_csv(folder / "port_authority.csv")
    series = [g.sort_values("date")["passengers"] for _, g in frame.groupby("airport")]
    frame = pd.read_csv(folder / "tsa_monthly.csv")
    airport, _, value = frame.columns
    whole = [g[value] for _, g in frame.groupby(airport) if len(g) == 39 and (g[value] > 0).all()]
    series += whole[:: len(whole) // 20][:20]
    frame = pd.read_csv(folder / "tourism_monthly.csv.gz")
    groups = frame[frame["set"] == "train"].sort_values("date").groupby("series")["value"]
    series += [g for _, g in groups][::12]
    return [np.array(g.dropna(), dtype=float) for g in series if (g.dropna() > 0).all()]


def common(trend, seasonal, *, estimated):
    return {
        "trend": None if trend == "none" else "add",
        "damped_trend": trend == "damped",
        "seasonal": None if seasonal == "none" else seasonal,
        "seasonal_periods": None if seasonal == "none" else 12,
        "initialization_method": "estimated" if estimated else "heuristic",
    }


def criterion_of(llf, n):
    return n / (2 * np.pi) * np.exp(-2 * llf / n - 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["holt_winters", "add", "mul"])
def test_the_optimum_is_no_worse_on_real_series(shared_data, kind):
    ratios = []
    for number, y in enumerate(real_series(shared_data)):
        for trend, seasonal, estimated in FORMS[number % 3 :: 3]:
            ets = kind != "holt_winters"
            form = sf.Form(trend, seasonal, 12, estimated, ets=ets, relative=kind == "mul")
            ours = sf.estimate(y, y, form, None).row[0]
            how = common(trend, seasonal, estimated=estimated)
            if ets:
                fit = ETSModel(y, error=kind, **how).fit(disp=0, maxiter=50)
                theirs = criterion_of(fit.llf, len(y))
            else:
                theirs = ExponentialSmoothing(y, **how).fit().sse
            ratios.append(ours / theirs)
    logs = np.log(ratios)
    assert np.mean(logs) < 0.0
    assert np.median(logs) < 1e-6
    assert np.quantile(logs, 0.95) < 0.02
