"""Other libraries of the field take frames of forecastctl as they are, and it takes theirs."""

import json
import os
import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecastctl as fc
from tests.api.conftest import QUICK, long_form
from tests.environments import installed

ROOT = Path(__file__).resolve().parents[2]


def test_utilsforecast_evaluates_forecasts_and_backtests(job, store):
    evaluate = pytest.importorskip("utilsforecast.evaluation").evaluate
    losses = pytest.importorskip("utilsforecast.losses")
    late = long_form(months=43)
    late = late[late["ds"] > "2018-04"]
    test = job.forecasts.merge(late, on=["unique_id", "ds"])
    assert len(test) == 6
    scores = evaluate(test, metrics=[losses.mae, losses.coverage], level=[80])
    found = scores.set_index(["unique_id", "metric"])["forecastctl"]
    jfk = test[test["unique_id"] == "JFK"]
    assert found["JFK", "mae"] == pytest.approx((jfk["y"] - jfk["forecastctl"]).abs().mean())
    search = {**QUICK, "families": "seasonal_naive", "max_evals": 1}
    back = fc.backtest(
        long_form(["JFK"]), start="2017-06", end="2017-07", h=2, tracking_uri=store,
        experiment="evaluated", **search
    )  # fmt: skip
    scores = evaluate(back.forecasts, metrics=[losses.rmse])
    assert list(scores["cutoff"]) == list(pd.to_datetime(["2017-06-01", "2017-07-01"]))
    assert scores["forecastctl"].notna().all()


def test_hierarchicalforecast_reconciles_forecasts(store):
    core = pytest.importorskip("hierarchicalforecast.core")
    methods = pytest.importorskip("hierarchicalforecast.methods")
    from hierarchicalforecast.utils import aggregate

    leaves = long_form().rename(columns={"unique_id": "airport"}).assign(country="US")
    frame, summing, tags = aggregate(leaves, [["country"], ["country", "airport"]])
    more = {"tracking_uri": store, "experiment": "sums", "settings": {"data.totals": "keep"}}
    made = fc.run(frame, h=2, **more, **QUICK)
    assert made.counts["total"] == 3
    reconcile = core.HierarchicalReconciliation(reconcilers=[methods.BottomUp()])
    found = reconcile.reconcile(Y_hat_df=made.forecasts, S_df=summing, tags=tags)
    of = {
        name: rows["forecastctl/BottomUp"].to_numpy() for name, rows in found.groupby("unique_id")
    }
    np.testing.assert_allclose(of["US"], of["US/JFK"] + of["US/LGA"])


def beside(library, program, tmp_path):
    """What a program prints that runs with a library in an environment on top of this one.

    Some ask for other versions than the tests have, such as an older pandas.
    """
    home = Path(os.environ.get("INTERCHANGE_ENVIRONMENTS", tmp_path))
    python = installed(library, [library], home, on_top=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, "-c", textwrap.dedent(program)], cwd=tmp_path, env=env, capture_output=True,
        text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


START = """
import json, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
import forecastctl as fc
from tests.api.conftest import QUICK, long_form
frame = long_form()
"""


@pytest.mark.slow
def test_statsforecast(tmp_path):
    """One frame for both; what both forecast is evaluated side by side."""
    found = beside(
        "statsforecast",
        START
        + """
from statsforecast import StatsForecast
from statsforecast.models import SeasonalNaive
from utilsforecast.evaluation import evaluate
from utilsforecast.losses import mae
theirs = StatsForecast(models=[SeasonalNaive(12)], freq="MS").forecast(df=frame, h=3, level=[80])
ours = fc.run(frame, h=3, level=80, **QUICK).forecasts
both = theirs.merge(ours, on=["unique_id", "ds"])
both["y"] = both["SeasonalNaive"]
scores = evaluate(both, metrics=[mae])
again = fc.run(theirs.rename(columns={"SeasonalNaive": "y"})[["unique_id", "ds", "y"]],
               experiment="short", h=1, **QUICK)
print(json.dumps({"rows": len(both), "models": list(scores.columns),
                  "naive": float(scores["SeasonalNaive"].sum()), "taken": again.counts["total"]}))
""",
        tmp_path,
    )
    assert found == {
        "rows": 6,
        "models": ["unique_id", "metric", "SeasonalNaive", "forecastctl"],
        "naive": 0.0,
        "taken": 2,
    }


@pytest.mark.slow
def test_sktime(tmp_path):
    """The long form becomes sktime's panel by its own conversion, and a metric of it is right."""
    found = beside(
        "sktime",
        START
        + """
from sktime.datatypes import check_is_mtype
from sktime.performance_metrics.forecasting import MeanAbsoluteError
ours = fc.run(frame, h=3, **QUICK).forecasts
panel = ours[["unique_id", "ds", "forecastctl"]].set_index(["unique_id", "ds"])
truth = panel + 5.0
taken = fc.forecast(frame.set_index(["unique_id", "ds"]), h=2, jobs=1, backend="serial")
print(json.dumps({"panel": bool(check_is_mtype(panel, "pd-multiindex", scitype="Panel")),
                  "mae": float(MeanAbsoluteError()(truth, panel)), "rows": len(taken.forecasts)}))
""",
        tmp_path,
    )
    assert found == {"panel": True, "mae": pytest.approx(5.0), "rows": 4}


@pytest.mark.slow
def test_darts(tmp_path):
    """Darts makes its series of a long frame by group; back from them comes the same frame."""
    found = beside(
        "darts",
        START
        + """
from darts import TimeSeries
from darts.metrics import mae
ours = fc.run(frame, h=3, **QUICK).forecasts
kwargs = dict(group_cols="unique_id", time_col="ds", freq="MS")
made = TimeSeries.from_group_dataframe(ours, value_cols="forecastctl", **kwargs)
given = TimeSeries.from_group_dataframe(frame, value_cols="y", **kwargs)
back = pd.concat([s.to_dataframe().reset_index().assign(unique_id=str(s.static_covariates.iloc[0, 0]))
                  for s in given])
same = fc.run(back, h=3, skip_unchanged=True, **QUICK)
print(json.dumps({"series": len(made), "length": len(made[0]),
                  "mae": float(mae(made[0] + 5.0, made[0])), "skipped": same.counts["skipped"]}))
""",
        tmp_path,
    )
    assert found == {"series": 2, "length": 3, "mae": pytest.approx(5.0), "skipped": 2}
