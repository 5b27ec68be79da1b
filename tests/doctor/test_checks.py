"""Each check on plain values: what is right, what is wrong, and where one becomes the other."""

from datetime import date

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.doctor.checks import (
    clock,
    cores,
    disk,
    kernels,
    leftovers,
    months,
    runs,
    store,
    versions,
    waiting,
)
from forecastctl.doctor.finding import Finding, count, is_wrong, named, size
from forecastctl.doctor.read.months import data
from forecastctl.store.mlflow.condition import Condition

GIB = 1024**3


def levels(findings):
    return [finding.level for finding in findings]


def only(findings):
    (finding,) = findings
    return finding


class TestStore:
    GOOD = Condition("sqlite:///m.db", "sqlite", revision="r", schema="the schema r of MLflow 3.17",
                     installed="3.17.2", is_own=True, writer="sql")  # fmt: skip

    def test_one_that_is_written_as_it_is(self):
        assert levels(store.check(self.GOOD)) == ["ok", "ok"]
        other = Condition("x", "sqlite", revision="r", schema="s", installed="3.18", writer="sql")
        assert "needs no upgrade" in store.check(other)[1].message

    def test_one_that_is_not_there_yet_is_no_fault(self):
        assert only(store.check(Condition("x", missing=True))).level == "note"

    def test_one_that_does_not_answer(self):
        found = only(store.check(Condition("x", error="It is away.", hint="Start it.")))
        assert (found.level, found.message, found.mend) == ("wrong", "It is away.", "Start it.")

    def test_one_that_only_a_migration_makes_usable(self):
        old = Condition("x", revision="r", refusal="It is old.", hint="mlflow db upgrade")
        found = store.check(old)
        assert levels(found) == ["ok", "wrong"]
        assert found[1].mend == "mlflow db upgrade"

    def test_one_that_the_client_has_to_write(self):
        found = store.check(Condition("x", revision="r", schema="the schema r", writer="client"))
        assert levels(found) == ["ok", "note"]

    def test_an_experiment_that_is_missing(self):
        found = store.check(Condition("x", kind="http", experiment_error="None such."))
        assert levels(found) == ["ok", "note"]


class TestVersions:
    FITS = versions.Requirement("numpy", ">=1.26", "2.0", fits=True)

    def test_all_there(self):
        assert levels(versions.check([self.FITS], {"numpy": "2.0"}, {"numpy": "2.0"})) == ["ok"]

    def test_too_old_or_missing(self):
        old = versions.Requirement("pandas", ">=2.2", "1.0", fits=False)
        gone = versions.Requirement("numba", ">=0.61", None, fits=False)
        found = versions.check([self.FITS, old, gone], {}, {})
        assert levels(found) == ["wrong", "wrong"]
        assert found[0].message == "pandas is 1.0; forecastctl needs pandas>=2.2."
        assert found[1].mend == "pip install 'numba>=0.61'"

    def test_others_than_those_of_the_newest_job(self):
        found = versions.check([self.FITS], {"numpy": "2.1", "scipy": "1"}, {"numpy": "2.0"})
        assert only(found).message == "The newest job had other versions: numpy 2.0, now 2.1."

    def test_not_installed_at_all(self):
        assert levels(versions.check([], {}, {})) == ["note"]


@pytest.mark.parametrize(
    ("skew", "ahead", "expected"),
    [
        (None, None, ["ok"]),
        (30.0, -5.0, ["ok"]),
        (30.1, None, ["wrong"]),
        (-31.0, None, ["wrong"]),
        (None, 31.0, ["wrong"]),
        (3600.0, 3600.0, ["wrong", "wrong"]),
    ],
)
def test_clock(skew, ahead, expected):
    found = clock.check(skew, "the server", ahead)
    assert levels(found) == expected
    if skew == 30.1:
        assert "30 s ahead of that of the server" in found[0].message


@pytest.mark.parametrize(
    ("given", "level", "said"),
    [
        ({"free": 50 * GIB}, "ok", "50.0 GiB left"),
        ({"free": None}, "wrong", "There is no directory"),
        ({"free": 50 * GIB, "writable": False}, "wrong", "cannot be written"),
        ({"free": disk.LEAST - 1}, "wrong", "200.0 MiB left"),
        ({"free": disk.LEAST}, "note", "left"),
        ({"free": GIB + 1, "total": 2 * GIB}, "ok", "left"),
        ({"free": GIB + 1, "total": 100 * GIB}, "note", "1 % of it"),
        ({"free": 50 * GIB, "files": 9_999}, "wrong", "9,999 more files"),
        ({"free": 64 * 1024**2, "least": 32 * 1024**2}, "ok", "64.0 MiB left"),
        ({"free": 31 * 1024**2, "least": 32 * 1024**2}, "wrong", "31.0 MiB left"),
    ],
)
def test_disk(given, level, said):
    found = only(disk.check([disk.Disk("the store", "/srv", **{"total": 60 * GIB, **given})]))
    assert (found.level, said in found.message) == (level, True), found


class TestLeftovers:
    def one(self, path="/dev/shm/sem.loky-1-a", **others):
        given = {"pid": 1, "alive": False, "own": True, "age": 7200.0, "bytes": 32}
        return leftovers.Leftover(path, **{**given, **others})

    def test_what_lives_is_not_left_over(self):
        assert levels(leftovers.check([])) == ["ok"]
        assert levels(leftovers.check([self.one(alive=True)])) == ["ok"]

    def test_what_is_old_and_own_can_be_removed(self):
        found = only(leftovers.check([self.one("a"), self.one("b"), self.one("c", alive=True)]))
        assert (found.level, found.fix, found.subjects) == ("wrong", "remove", ("a", "b"))

    @pytest.mark.parametrize("others", [{"age": 3599.0}, {"own": False}])
    def test_nothing_else_can(self, others):
        found = only(leftovers.check([self.one(**others)]))
        assert (found.level, found.fix) == ("note", None)


class TestCores:
    def machine(self, **others):
        given = {
            "workers": 2, "cores": 2, "usable": 2, "quota": None, "memory": 8 * GIB,
            "memory_limit": None, "memory_used": GIB, "blas_threads": {"openblas": 1},
        }  # fmt: skip
        return cores.Machine(**{**given, **others})

    def test_as_it_should_be(self):
        assert levels(cores.check(self.machine())) == ["ok", "ok", "ok"]

    @pytest.mark.parametrize(
        ("others", "mend"),
        [
            ({"workers": 3}, "--jobs 2"),
            ({"workers": 2, "quota": 1.5}, "--jobs 1"),
            ({"workers": 2, "quota": 0.5}, "--jobs 1"),
            ({"workers": 8, "cores": 8, "usable": 4}, "--jobs 4"),
        ],
    )
    def test_more_workers_than_processors(self, others, mend):
        found = cores.check(self.machine(**others))[0]
        assert found.level == "wrong"
        assert mend in found.mend

    def test_one_worker_is_always_right(self):
        assert cores.check(self.machine(workers=1, quota=0.5))[0].level == "ok"

    def test_more_threads_than_processors(self):
        found = cores.check(self.machine(blas_threads={"openblas": 64, "mkl": 1}))[1]
        assert (found.level, "64 threads" in found.message) == ("note", True)

    @pytest.mark.parametrize(
        ("used", "level"),
        [(0, "ok"), (900 * 1024**2, "note"), (1.5 * GIB, "wrong")],
    )
    def test_memory_of_a_control_group(self, used, level):
        found = cores.check(self.machine(memory_limit=2 * GIB, memory_used=int(used)))[2]
        assert (found.level, "control group" in found.message) == (level, True)


class TestKernels:
    @pytest.mark.parametrize(
        ("given", "level"),
        [
            (("/k", (), True, False), "ok"),
            (("/k", (), False, False), "note"),
            (("/k", (), False, True), "wrong"),
            ((None, (), False, False), "wrong"),
            ((None, ("/anybodys",), False, False), "wrong"),
            (("/k", (), True, False, "numba is missing"), "wrong"),
        ],
    )
    def test_where_and_whether(self, given, level):
        assert only(kernels.check(kernels.Kernels(*given))).level == level

    def test_only_what_is_damaged_is_removed(self):
        damaged = only(kernels.check(kernels.Kernels("/k", (), False, True)))
        assert (damaged.fix, damaged.subjects) == ("remove-kernels", ("/k",))
        refused = only(kernels.check(kernels.Kernels(None, ("/anybodys",), False, False)))
        assert (refused.fix, "/anybodys" in refused.message) == (None, True)


class TestRuns:
    def test_as_it_should_be(self):
        found = runs.check(runs.Runs(alive=("j",), folders=(), looked_at=3))
        assert levels(found) == ["ok", "ok"]
        assert "1 job at work" in found[0].message

    def test_dead_and_dangling_ones(self):
        found = runs.check(runs.Runs(("j",), ("k",), dangling=("a", "b"), folders=()))
        assert [(f.level, f.fix, f.subjects) for f in found[:3]] == [
            ("wrong", "kill-runs", ("j",)),
            ("wrong", "kill-runs", ("k",)),
            ("wrong", "kill-runs", ("a", "b")),
        ]

    def test_folders_without_a_run_are_removed_where_they_are_nobodys_and_old(self):
        folders = (
            runs.Folder("/o", 86_400.0, nobodys=True),
            runs.Folder("/y", 86_399.0, nobodys=True),
            runs.Folder("/s", 86_400.0),  # they may be of another store with the same directory
        )
        found = runs.check(runs.Runs(folders=folders))
        assert [(f.level, f.fix, f.subjects) for f in found[1:]] == [
            ("wrong", "remove", ("/o",)),
            ("note", None, ("/s",)),
            ("note", None, ()),
        ]

    def test_runs_without_files(self):
        found = runs.check(runs.Runs(folders=(), empty=("a",), looked_at=2))[1]
        assert (found.level, found.fix) == ("wrong", None)

    def test_files_out_of_reach(self):
        assert levels(runs.check(runs.Runs(folders=None))) == ["ok", "note"]


class TestMonths:
    def test_as_it_should_be(self):
        whole = months.Data("a.csv", airports=3, last="2019-12", behind=2)
        assert levels(months.check(whole)) == ["ok"]

    def test_none_named_or_readable(self):
        assert levels(months.check(None)) == ["note"]
        for source in (None, "spark:air", "parquet:/nowhere"):
            assert data(DataSpec(source=source), date(2020, 1, 1)) is None
        found = only(months.check(months.Data("a.csv", "It is away.", "Look.")))
        assert (found.level, found.mend) == ("wrong", "Look.")

    def test_what_is_missing(self):
        gaps = (("JFK", ("2019-01", "2019-02", "2019-03", "2019-05")), ("LGA", ("2018-01",)))
        data = months.Data(
            "a.csv", airports=3, last="2019-12", gaps=gaps, ended=(("BOS", "2019-10"),)
        )
        missing, ended = months.check(data)
        assert (missing.level, ended.level) == ("wrong", "note")
        assert missing.message == (
            "5 months of 2 airports missing in between: "
            "JFK 2019-01, 2019-02, 2019-03 and 1 more, LGA 2018-01."
        )
        assert "BOS 2019-10" in ended.message

    def test_data_that_no_longer_arrive(self):
        old = months.Data("a.csv", airports=1, last="2019-12", behind=3)
        assert levels(months.check(old)) == ["note"]


class TestWaiting:
    @pytest.mark.parametrize(
        ("held", "level"),
        [
            (waiting.Held("'run' on host a", "alive", 3.0), "ok"),
            (waiting.Held("'run' on host a", "alive"), "ok"),
            (waiting.Held("'run' on host a", "unclear", 300.0), "note"),
            (waiting.Held("'run' on host a", "dead", 3000.0), "note"),
            (waiting.Held("'run' on host a", "alive", -30.0), "ok"),
            (waiting.Held("'run' on host a", "alive", -31.0), "wrong"),
        ],
    )
    def test_who_is_at_work(self, held, level):
        found = only(waiting.check_lock([held]))
        assert (found.level, "'run' on host a" in found.message) == (level, True)
        assert found.check == ("clock" if level == "wrong" else "lock")

    def test_nobody_is_at_work(self):
        assert only(waiting.check_lock([])).level == "ok"

    def test_spool(self):
        assert levels(waiting.check_spool([])) == ["ok"]
        found = only(waiting.check_spool([waiting.Waiting("/s/a", 3, 2048)]))
        assert found.level == "wrong"
        assert "3 airports in 1 file (2 KiB)" in found.message
        other = waiting.Waiting("/s/b", 1, 10, "'x' in sqlite:///b.db")
        own, note = waiting.check_spool([waiting.Waiting("/s/a", 3, 2048), other])
        assert (own.level, note.level) == ("wrong", "note")
        assert "1 airport of 'x' in sqlite:///b.db in 1 file" in note.message
        assert levels(waiting.check_spool([other])) == ["note"]

    def test_a_damaged_file(self):
        found = waiting.check_spool(
            [waiting.Waiting("/s/x.spool", 0, 10, damaged="it is damaged.", mend="Move it.")]
        )
        assert [(f.level, f.message, f.mend) for f in found] == [
            ("wrong", "it is damaged.", "Move it.")
        ]

    def test_where_there_is_no_spool(self):
        assert waiting.check_spool(None) == []


def test_words():
    assert count(1, "file") == "1 file"
    assert count(1200, "file") == "1,200 files"
    assert named(["a", "b"], 1) == "a and 1 more"
    assert [size(n) for n in (12, 2048, 3 * 1024**2, 5 * 1024**4)] == [
        "12 bytes", "2 KiB", "3.0 MiB", "5.0 TiB",
    ]  # fmt: skip


def test_only_what_is_wrong_counts():
    assert is_wrong([Finding("x", "ok", "."), Finding("x", "wrong", ".")])
    assert not is_wrong([Finding("x", "note", ".")])
