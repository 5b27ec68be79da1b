"""The table: medians of rounds, and what forecasts that differ come to."""

from dataclasses import replace

from forecastctl.bench.draw import draw
from forecastctl.bench.table import Comparison
from forecastctl.bench.trial import Measures
from forecastctl.bench.ways import Way

LOKY, SERIAL = Way("parallel and concurrent", "loky"), Way("serial", "serial")
ONE = Measures(
    LOKY,
    workers=4,
    airports=10,
    wall_seconds=36.0,
    startup_seconds=6.0,
    work_seconds=25.0,
    cpu_seconds=120.0,
    startup_cpu_seconds=8.0,
    models_cpu_seconds=100.0 - 20.0,
    peak_bytes=750_000_000,
    digest="a" * 64,
)


def test_a_row_says_what_a_way_took():
    (row,) = Comparison((ONE,), {}, price=0.05).rows()
    assert row == {
        "way": "parallel and concurrent",
        "backend": "loky",
        "workers": 4,
        "wall_s": 36.0,
        "startup_s": 6.0,
        "cpu_s": 120.0,
        "startup_cpu_s": 8.0,
        "efficiency": 0.8,  # 80 of 4 x 25 seconds
        "overhead_ms": 3200.0,  # (120 - 8 - 80) seconds over ten airports
        "peak_mb": 750,
        "cost": 0.002,  # 4 cores, a hundredth of an hour, 0.05 each
    }


def test_medians_of_rounds_count():
    rounds = [replace(ONE, wall_seconds=wall) for wall in (30.0, 90.0, 40.0)]
    (row,) = Comparison(tuple(rounds), {}).rows()
    assert row["wall_s"] == 40.0
    assert row["cost"] is None


def test_what_the_system_does_not_tell_is_left_open():
    (row,) = Comparison((replace(ONE, cpu_seconds=None, peak_bytes=None),), {}).rows()
    assert (row["cpu_s"], row["overhead_ms"], row["peak_mb"]) == (None, None, None)


def test_forecasts_that_differ_are_told_by_their_makers():
    other = replace(ONE, way=SERIAL, digest="b" * 64)
    found = Comparison((ONE, other, ONE), {})
    assert not found.same
    assert found.digests == {"a" * 64: ["loky"], "b" * 64: ["serial"]}
    assert Comparison((ONE, ONE), {}).same


def test_a_way_that_did_not_come_to_its_end_has_no_row():
    found = Comparison((ONE, Measures(SERIAL, problem="exit code 10: gone")), {})
    assert [row["backend"] for row in found.rows()] == ["loky"]
    assert found.problems == {"serial": "exit code 10: gone"}


def test_the_chart_is_a_picture(tmp_path):
    draw(Comparison((ONE,), {}).rows(), "10 airports", tmp_path / "c.svg")
    text = (tmp_path / "c.svg").read_text()
    assert text.rstrip().endswith("</svg>")
