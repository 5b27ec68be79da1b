"""Explanations made by hand, one for every verdict, as `explain` returns them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecastctl.explain.recorded import forecast_facts
from forecastctl.explain.values import (
    Alternative,
    Answer,
    Attempt,
    BreakFacts,
    ChangePart,
    Evidence,
    FleetAirport,
    FleetFacts,
    Interval,
    Lineage,
    MemberFacts,
    ModelFacts,
    Neighbour,
    Pages,
    Part,
    Standing,
    Vintage,
    VintageChange,
)
from forecastctl.records import Forecast, Replay, future_ds
from forecastctl.records.explanation import ExplainView, FleetPoint, VintagePath
from forecastctl.records.rules import ExplainRules

HOSTILE = '<script>alert(1)</script> "$x$" & \'é🛫'
H = 12


def _months(first: str, count: int):
    return np.arange(first, np.datetime64(first) + count, dtype="datetime64[M]")


def _traffic(level: float, seed: int):
    """Months 2014-01 .. 2021-12, smooth growth and summer peaks."""
    ds = _months("2014-01", 96)
    t = np.arange(96)
    noise = np.random.default_rng(seed).normal(0, 0.015, 96)
    y = level * (1 + 0.004 * t) * (1 + 0.16 * np.sin(2 * np.pi * (t - 3) / 12)) * (1 + noise)
    return ds.astype("datetime64[D]"), np.round(y)


def _path(ds, y, cutoff: str, spread=0.03):
    """A plain forecast: last year, grown as before."""
    at = int(np.flatnonzero(ds == np.datetime64(cutoff))[0])
    base = np.array([y[at - 11 + k] for k in range(H)]) * 1.045
    sd = spread * base * np.sqrt(1 + np.arange(H) / 4)
    bands = {80: (base - 1.28 * sd, base + 1.28 * sd), 95: (base - 1.96 * sd, base + 1.96 * sd)}
    return Forecast(cutoff, future_ds(cutoff, "M", H), base, sd, bands)


def _fleet(kind: str, count: int, seed=3):
    rng = np.random.default_rng(seed)
    centre, width = {"shock": (0.06, 0.04), "calm": (1.0, 0.04)}[kind]
    ratios = np.clip(rng.normal(centre, width, count), 0.005, None)
    ratios[: count // 40] = rng.uniform(0.3, 1.9, count // 40)
    z = (1 - ratios) / 0.035
    return tuple(
        FleetPoint(f"A{i:03d}", float(z[i]), float(r), bool(abs(z[i]) > 1.96), True)
        for i, r in enumerate(ratios)
    )


def _fleet_facts(points, miss):
    if not points:
        return None
    z = np.array([p.z for p in points])
    outside = np.array([p.outside for p in points])
    same = outside & (np.sign(z) == np.sign(miss))
    below = float(np.mean(z[outside] > 0)) if outside.any() else 0.5
    worst = sorted(points, key=lambda p: -abs(p.z))[:5]
    return FleetFacts(
        airports=len(points) + 1,
        share_outside=float(outside.mean()),
        share_same=float(same.mean()),
        direction="below" if below > 0.75 else "above" if below < 0.25 else "mixed",
        median_z=float(np.median(z)),
        median_ratio=float(np.median([p.ratio for p in points])),
        stands_out=0.4,
        source="recorded",
        worst=tuple(FleetAirport(p.airport, p.z, p.ratio) for p in worst),
    )


def _vintage(path, at, run, actual, origin="live"):
    bands = {
        str(k): Interval(float(lo[at]), float(hi[at])) for k, (lo, hi) in path.intervals.items()
    }
    return Vintage(
        made=f"{path.cutoff[:8]}28T04:00:12.345678+00:00",
        cutoff=path.cutoff,
        lead=at + 1,
        mean=float(path.mean[at]),
        sd=float(path.sd[at]),
        intervals=bands,
        model="mean of 3: HW(A,M) + ETS(A,A,M) + SARIMA(1,0,1)(0,1,1)",
        status="ok",
        command="run",
        origin=origin,
        job_id="20200301T040001-5f3a",
        run_id=run,
        url=f"http://mlflow.example:5000/#/experiments/1/runs/{run}",
        date=str(path.ds[at]),
        miss=None if actual is None else float(path.mean[at]) - actual,
    )


ZERO = {
    "data_revision": 0.0,
    "specification": 0.0,
    "level": 0.0,
    "trend": 0.0,
    "seasonal": 0.0,
    "one_off": 0.0,
}
SAID = {
    "data_revision": "no value before the cutoff was changed since",
    "specification": "the best trial on record instead of the one used",
    "level": "level of the same model fitted with the actuals",
    "trend": "slope of the same model fitted with the actuals",
    "seasonal": "seasonal index of the month, as refitted",
    "one_off": "what no component of the refit explains",
}


def _parts(miss, **shares):
    """Parts with these shares of the miss; the remainder is one-off, so that they sum exactly."""
    values = {**ZERO, **{k: v * miss for k, v in shares.items()}}
    values["one_off"] = miss - sum(v for k, v in values.items() if k != "one_off")
    return tuple(Part(k, v, SAID[k]) for k, v in values.items())


def case(
    verdict,
    *,
    airport="JFK",
    level=2_400_000.0,
    cutoff="2020-02-01",
    lead=2,
    factor=1.0,
    lasting=False,
    shift=None,
    fleet=("calm", 60),
    confidence=0.93,
    vintages=8,
    evidence=(),
    shares=None,
    known=True,
    forecast=True,
    **more,
):
    """One explanation and the view behind its charts.

    Args:
        verdict: The verdict, or ``None``.
        factor: The actual of the period, times what it would have been; ``lasting`` for all later.
        shift: A month from which on the level is 18 % lower.
        shares: Shares of the miss by part; ``None`` for no parts at all.
        known: Whether the actual is known.
        forecast: Whether there is a forecast.
        more: Other values of the answer.
    """
    ds, y = _traffic(level, seed=len(airport))
    if shift:
        y = np.where(ds >= np.datetime64(shift), np.round(0.82 * y), y)
    plain = y.copy()
    end = int(np.flatnonzero(ds == np.datetime64(cutoff))[0])
    at = end + lead
    if factor != 1.0:
        tail = np.array([factor + (1 - factor) * k / 40 for k in range(len(y) - at)])
        y[at:] = np.round(y[at:] * tail) if lasting else y[at:]
        y[at] = round(plain[at] * factor)
    path = _path(ds, plain if not shift else _traffic(level, seed=len(airport))[1], cutoff)
    date = str(ds[at])
    actual = float(y[at]) if known else None
    mean = float(path.mean[lead - 1])
    miss = None if actual is None or not forecast else mean - actual
    sd = float(path.sd[lead - 1])
    points = _fleet(*fleet) if fleet else ()
    stop = at + 10 if known else end + 1
    paths, rows = [], []
    for k in range(vintages if forecast else 0):
        earlier = _path(ds, plain * (1 - 0.012 * k), str(ds[end - k])) if k else path
        if lead + k <= H:
            origin = "live" if k < 4 else "backtest"
            run = f"{k:02d}c0ffee5eed4a0b8e1f2d3c4b5a6978"
            rows.append(_vintage(earlier, lead - 1 + k, run, actual, origin))
            paths.append(VintagePath(earlier.cutoff, origin, earlier.ds, earlier.mean))
    around = tuple(
        Neighbour(
            date=str(ds[i]),
            lead=lead,
            forecast=float(plain[i] * 1.01),
            actual=float(y[i]),
            miss=float(plain[i] * 1.01 - y[i]),
            z=float((plain[i] * 1.01 - y[i]) / (0.034 * plain[i])),
        )
        for i in range(at - 12, min(at + 7, len(y)))
        if known
    )
    made = rows[0] if rows else None
    answer = Answer(
        airport=airport,
        date=date,
        sentence=f"{mean:,.0f} were forecast {lead} months ahead, from {cutoff[:7]}"
        + ("." if miss is None else f"; {actual:,.0f} came: {abs(miss):,.0f} off."),
        verdict=verdict,
        confidence=confidence if verdict else None,
        evidence=tuple(evidence),
        actual=actual,
        actual_source="panel 9c1f4a7b2d3e stored by job 20200601T040001-77aa" if known else None,
        forecast=forecast_facts(made) if made else None,
        miss=miss,
        miss_percent=100 * miss / actual if miss else None,
        standing=None if miss is None else _standing(miss, sd),
        parts=() if shares is None or miss is None else _parts(miss, **shares),
        fleet=_fleet_facts(points, miss or 1.0) if known and verdict else None,
        alternatives=_alternatives(mean, actual) if miss is not None and verdict else (),
        neighbours=around,
        replay=Replay("bit-identical", 0.0) if forecast else Replay("not stored"),
        vintages=tuple(rows),
        model=_model(cutoff, end + 1),
        lineage=lineage(made.run_id if made else "deadbeefdeadbeef"),
        rules=ExplainRules(),
    )
    view = ExplainView(
        airport,
        date,
        "M",
        12,
        ds[: end + 1],
        y[: end + 1],
        ds[:stop],
        y[:stop],
        path if forecast else None,
        tuple(paths),
        points if known else (),
    )
    return replace(answer, **more), view


def _standing(miss, sd):
    return Standing(
        z=miss / sd,
        percentile=100.0 if abs(miss) > 3 * sd else 62.5,
        compared=48,
        same_lead=True,
        expected_error=0.7 * sd,
        usual_error=sd,
        outside=abs(miss) > 1.96 * sd,
    )


def _alternatives(mean, actual):
    return (
        _alternative("baseline", "seasonal naive", None, 0.96 * mean, actual),
        _alternative("trial", "ETS(M,Ad,M)", 7, 0.99 * mean, actual),
        _alternative("champion", "mean of 3: HW(A,M) + ETS(A,A,M)", None, 1.02 * mean, actual),
        _alternative("trial", "SARIMA(2,1,1)(0,1,1)", 11, 1.03 * mean, actual),
    )


def _model(cutoff, n):
    members = (
        _member("HW(A,M)", "holt_winters", 0.4, 3, "aa11bb22cc33"),
        _member("ETS(A,A,M)", "ets", 0.35, 9, "bb11bb22cc33"),
        _member("SARIMA(1,0,1)(0,1,1)", "sarimax", 0.25, 12, "cc11bb22cc33"),
    )
    return ModelFacts(label="mean of 3", members=members, cutoff=cutoff, n=n, spread=1.0)


def _member(label, family, weight, trial, run):
    return MemberFacts(
        label=label,
        family=family,
        options={},
        weight=weight,
        trial=trial,
        trial_run_id=run,
        params={},
        sigma=1.0,
    )


def _alternative(kind, label, trial, value, actual):
    run = f"{trial or 0:02d}aa55aa55aa55"
    return Alternative(kind, label, trial, value, value - actual, 0.83, run_id=run)


def lineage(run):
    """Where a forecast comes from, on a server."""
    return Lineage(
        job_id="20200301T040001-5f3a",
        command="run",
        layout="nested",
        status="ok",
        reason=None,
        seed="0",
        data_digest="3f8a9c1f4a7b2d3e" * 4,
        panel_digest="9c1f4a7b2d3e3f8a" * 4,
        config_digest="77aa9c1f4a7b2d3e" * 4,
        environment="d41d8cd98f00b204",
        versions='{"python": "3.11.9", "statsmodels": "0.14.4", "numpy": "2.1.0"}',
        git_commit="0123456789abcdef0123456789abcdef01234567",
        git_dirty="false",
        preparation=None,
        machine={"cpu": "x86_64", "blas": "openblas 0.3.27"},
        job_run_id="0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        run_id=run,
        trained_run_id=run,
        tuned_run_id=run,
        urls=Pages(
            forecast=f"http://mlflow.example:5000/#/experiments/1/runs/{run}",
            trained=None,
            tuned="javascript:alert(2)",
        ),
    )


NOISE = Evidence("z", "The miss is 0.4 standard deviations.", 0.4, 3.0)
LARGE = Evidence("z", "The miss is 31 standard deviations, far more than noise.", 31.2, 3.0)
SHARE = Evidence(
    "share_same",
    "97 % of 411 other airports missed the month in the same direction.",
    0.97,
    0.5,
)
NOBODY = Evidence("near", "No recorded alternative came within half of the miss.", 0.94, 0.5)
BREAK = BreakFacts(
    began="2019-09-01",
    before_cutoff=6,
    percent=-18.2,
    length=8,
    recovered=False,
    recovered_on=None,
)
CHANGE = VintageChange(
    "2019-11-01",
    "2020-02-01",
    12_345.0,
    ("data_revised", "data_added", "specification", "parameters", "code"),
    (
        ChangePart("data_revised", 0.0),
        ChangePart("data_added", 15_000.0),
        ChangePart("specification", -4_000.0),
        ChangePart("parameters", 1_345.0),
        ChangePart("code", 0.0),
    ),
    ("Both were made by the same code.",),
)


def make_cases():
    """Answer and view by name."""
    found = {}
    found["system_shock"] = case(
        "system_shock",
        factor=0.045,
        lasting=True,
        fleet=("shock", 411),
        confidence=0.97,
        evidence=(LARGE, SHARE, NOBODY),
        shares={"level": 0.08, "seasonal": -0.02},
        break_=replace(BREAK, began="2020-03-01", before_cutoff=-1, percent=-95.4),
        vintage_change=CHANGE,
    )
    found["local_shock"] = case(
        "local_shock",
        airport="LGA",
        factor=0.55,
        evidence=(LARGE, Evidence("stands_out", "It stands 9 spreads apart.", 9.2, 4.0)),
        shares={"level": 0.1},
        break_=replace(
            BREAK,
            began="2020-04-01",
            before_cutoff=-1,
            recovered=True,
            recovered_on="2020-05-01",
        ),
    )
    found["data_problem"] = case(
        "data_problem",
        airport="EWR",
        factor=1000.0,
        evidence=(Evidence("unit", "The actual is 1,000 times its neighbours.", 1000.0, 10.0),),
        shares={"data_revision": 0.999},
    )
    found["expected_noise"] = case(
        "expected_noise", evidence=(NOISE,), shares={"level": 0.3, "trend": 0.1, "seasonal": -0.2}
    )
    found["stale_model"] = case(
        "stale_model",
        factor=0.88,
        evidence=(LARGE,),
        shares={"specification": 0.8},
        confidence=0.78,
    )
    found["level_shift_before_cutoff"] = case(
        "level_shift_before_cutoff",
        shift="2019-09",
        evidence=(LARGE, Evidence("visible", "It began 6 months before the cutoff.", 6, 3)),
        shares={"level": 0.9, "trend": 0.15, "seasonal": -0.1},
        break_=BREAK,
    )
    found["run_failure"] = case(
        "run_failure",
        forecast=False,
        confidence=0.99,
        evidence=(Evidence("status", "The run of 2020-03 ended as failed.", None, None),),
        sentence="No forecast was made: the optimiser did not converge.",
        without_forecast=(
            Attempt(
                job_id="20200301T040001-5f3a",
                status="failed",
                reason="the optimiser did not converge",
                cutoff="2020-02-01",
                run_id="deadbeefdeadbeef",
                made="2020-03-01T04:00:12+00:00",
            ),
        ),
    )
    found["cannot_tell"] = case(
        "cannot_tell",
        airport=HOSTILE,
        factor=0.3,
        fleet=None,
        vintages=1,
        confidence=0.55,
        evidence=(LARGE,),
        shares={"level": 0.2},
        next_time=(
            f"Forecast other airports beside {HOSTILE} in the same job.",
            "Record a backtest: forecastctl backtest --from 2018-01 --to 2020-02.",
        ),
    )
    found["quick"] = case(None, factor=0.045, vintages=3)
    found["no_actual"] = case(None, known=False)
    return found
