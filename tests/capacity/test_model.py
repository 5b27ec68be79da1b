"""Predictions that can be made by hand."""

from dataclasses import replace

import pytest

from forecastctl.capacity.answer import duration, plan
from forecastctl.capacity.facts import JobFacts
from forecastctl.capacity.model import calibrate, cost_by_months, line, predict
from forecastctl.errors import NothingRecordedError, UsageError


def job(n=100, *, workers=2, each=0.5, backend="loky", slow=1.0, months=120, **changes):
    """A job on a machine ``slow`` times slower, in which a record takes 0.05 seconds, 0.04 of CPU.

    Its workers took three seconds each to start, at their first airports. Of the wall, 2 seconds
    are the start, and 1 the end.
    """
    cpus = [each + 3.0] * workers + [each] * (n - workers)
    models = n * each
    work = (models + n * 0.04) / workers + 3.0 + 2 * each * (workers - 1) / workers
    values = {
        "job_id": "x",
        "backend": backend,
        "workers": workers,
        "airports": tuple((months, cpu) for cpu in cpus),
        "startup_seconds": 2.0 * slow,
        "work_seconds": work * slow,
        "closing_seconds": 1.0 * slow,
        "worked_seconds": sum(cpus) * slow,
        "cpu_seconds": sum(cpus),
        "recording_seconds": n * 0.05 * slow,
        "recording_cpu_seconds": n * 0.04,
    }
    return JobFacts(**{**values, **changes})


def test_a_larger_job_on_more_cores():
    said = predict(calibrate([job()], "loky"), airports=5000, months=120, cores=8)
    work = (5000 * 0.5 + 5000 * 0.04) / 8 + 3.0 + 2 * 0.5 * 7 / 8
    assert said.wall_seconds == pytest.approx(2.0 + work + 1.0)
    assert said.cpu_seconds == pytest.approx(5000 * 0.54 + 8 * 3.0)
    assert said.bottleneck == "models"
    assert said.cost(0.05) == pytest.approx(0.05 * 8 * said.wall_seconds / 3600)


def test_where_cores_are_many_the_one_driver_decides():
    known = calibrate([job()], "loky")
    said = predict(known, airports=5000, months=120, cores=64)
    assert said.bottleneck == "recording"
    assert said.wall_seconds == pytest.approx(2.0 + 5000 * 0.05 + 2 * 0.5 * 63 / 64 + 1.0)
    assert said.cores_worth == 11  # the models of ten airports take as long as a record


def test_a_small_job_draws_charts_that_a_large_one_does_not():
    """What 30 airports took for their charts is not expected of 5,000, unless it was asked for."""
    small = job(30, drawing=(0.2,) * 28 + (1.2,) * 2)  # the first of each worker also imports
    plain = job(30)
    asked = {"months": 120, "cores": [8], "backends": [], "price": None}
    for charts, each in ((None, 0.5), (True, 0.7), (False, 0.5)):
        known = [replace(small, charts=charts)]
        (said,) = plan(known, airports=5000, **asked).predictions
        assert said.cpu_seconds == pytest.approx(5000 * (each + 0.04) + 8 * 3.0)
    (few,) = plan([small], airports=20, **asked).predictions
    assert few.cpu_seconds == pytest.approx(20 * 0.74 + 8 * 3.0)
    (never,) = plan([plain], airports=20, **asked).predictions
    assert never.cpu_seconds == pytest.approx(20 * 0.54 + 8 * 3.0)


def test_a_machine_that_did_other_work_says_the_same():
    busy, idle = (predict(calibrate([job(slow=s)], "loky"), 1000, 120, 4) for s in (3.0, 1.0))
    assert busy.wall_seconds == pytest.approx(idle.wall_seconds)


def test_longer_series_cost_more_where_that_was_seen():
    facts = [job(each=0.2, months=40), job(each=0.4, months=80)]
    assert cost_by_months(facts) == pytest.approx((0.0, 0.005))
    assert predict(calibrate(facts, "loky"), 100, 120, 1).parts["models"] == pytest.approx(60.0)


def test_more_airports_take_longer_to_read_where_that_was_seen():
    facts = [job(100), job(1000, startup_seconds=11.0)]
    assert calibrate(facts, "loky").startup == pytest.approx((1.0, 0.01))


def test_what_jobs_took_beyond_the_model_is_added():
    late = job()
    late = job(work_seconds=late.work_seconds + 5.0)
    more, none = (predict(calibrate([j], "loky"), 100, 120, 2) for j in (late, job()))
    assert more.wall_seconds - none.wall_seconds == pytest.approx(5.0)


def test_serial_and_threads_use_one_core():
    for backend in ("serial", "threads"):
        known = calibrate([job(workers=1, backend=backend)], backend)
        assert predict(known, 500, 120, 64).wall_seconds == predict(known, 500, 120, 1).wall_seconds


def test_the_range_is_wider_the_further_from_what_is_recorded():
    known = calibrate([job()], "loky")
    near, far = predict(known, 100, 120, 2), predict(known, 100_000, 120, 64)
    assert near.high / near.wall_seconds == pytest.approx(1.1)
    assert far.high / far.wall_seconds > 1.25
    assert far.low < far.wall_seconds


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([(10, 2.0)], (2.0, 0.0)),
        ([(10, 2.0), (12, 4.0)], (3.0, 0.0)),  # too close to tell a slope
        ([(10, 2.0), (30, 4.0)], (1.0, 0.1)),
        ([(10, 4.0), (30, 2.0)], (3.0, 0.0)),  # no job gets shorter by more airports
    ],
)
def test_a_line_has_no_negative_part(points, found):
    assert line(points) == pytest.approx(found)


def test_a_plan_is_sorted_by_cores_and_then_by_time():
    facts = [job(), job(backend="dask", startup_seconds=9.0)]
    found = plan(facts, airports=None, months=None, cores=[1, 8], backends=[], price=None)
    assert (found.airports, found.months) == (100, 120)
    assert [(p.cores, p.backend) for p in found.predictions] == [
        *((1, "loky"), (1, "dask"), (8, "loky"), (8, "dask")),
    ]
    assert found.unknown == ("serial", "threads", "ray", "spark")
    assert {row["cost"] for row in found.rows()} == {None}


def test_a_backend_that_no_job_used_is_said_to_be_unknown():
    with pytest.raises(NothingRecordedError, match=r"run with ray; there are loky"):
        plan([job()], airports=1, months=1, cores=[1], backends=["ray"], price=None)
    with pytest.raises(UsageError, match="no backend 'rey'"):
        plan([job()], airports=1, months=1, cores=[1], backends=["rey"], price=None)


def test_durations_are_written_for_people():
    assert [duration(s) for s in (0.4, 99, 100, 5000, 9000)] == [
        *("0 s", "99 s", "2 min", "83 min", "2.5 h"),
    ]
