"""Compiled once per machine: what is kept, its absence, and what a changed kernel does to it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from forecastctl.models.kernels import compiled, engine
from forecastctl.models.kernels import machine_code as native
from tests.core.fits import bits

ROOT = Path(__file__).resolve().parents[2]

RUN = """
import json, sys, time, types
from pathlib import Path
import numpy as np
from forecastctl.models import kernels as families
from forecastctl.models.kernels import machine_code as native

made, count = native._read(Path({source!r})), []

def machine_code():  # the compiler takes its time
    count.append(1)
    time.sleep({seconds})
    return made

families.compiled = types.SimpleNamespace(machine_code=machine_code)
native.__file__ = {package!r}
stamp = native.stamp()
native.stamp = lambda: stamp + {change!r}
from forecastctl.models.theta import estimate
point, _ = estimate(np.linspace(90.0, 110.0, 30) ** 2, np.empty(30), optimised=True)
print(json.dumps([len(count), "numba" in sys.modules, point.tobytes().hex()]))
"""

EVERY = """
import json, sys
from tests.core.fits import bits
{before}
print(json.dumps([bits(12, 90), bits(4, 40), "numba" in sys.modules]))
"""

REFUSE = """
from forecastctl.models.kernels import compiled, machine_code as native
def refuse():
    raise AttributeError("numba has changed")
compiled.machine_code = refuse
native._kept = lambda: None
"""


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A file with this machine's code."""
    native.kernels()
    paths = [folder / native._name() for folder in native._folders()]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:  # nothing can be written here
        found = tmp_path_factory.mktemp("kept") / native._name()
        native._write(found, native._packed(compiled.machine_code()))
    return found


@pytest.fixture
def start(kept, tmp_path):
    """Start a process that fits a model, with a compiler that only takes out what is kept."""
    package, home = tmp_path / "package", tmp_path / "home"
    package.mkdir()

    def start(seconds=0.0, change="", source=kept, **environ):
        dropped = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
        variables = {k: v for k, v in os.environ.items() if k not in dropped}
        variables |= {"PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(tmp_path)}
        code = RUN.format(
            source=str(source), package=str(package / "x.py"), seconds=seconds, change=change
        )
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=variables | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def ended(process):
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return json.loads(output)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix == ".bin")


def test_the_second_process_compiles_nothing(start, tmp_path, kept):
    first, second = ended(start()), ended(start())
    assert [first[:2], second[:2]] == [[1, False], [0, False]]
    assert first[2] == second[2]
    (written,) = files(tmp_path)
    assert written.parent == tmp_path / "package" / "__pycache__"
    assert written.read_bytes() == kept.read_bytes()


def test_a_changed_kernel_is_compiled_again_and_takes_the_place_of_the_old(start, tmp_path):
    ended(start())
    before = files(tmp_path)
    assert ended(start(change="b"))[0] == 1
    after = files(tmp_path)
    assert len(after) == 1
    assert after != before
    assert ended(start(change="b"))[0] == 0


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:40] + b"x" + b[41:]]
)
def test_a_damaged_file_is_replaced(start, tmp_path, kept, damage):
    whole = ended(start())
    (path,) = files(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert ended(start()) == whole
    assert path.read_bytes() == kept.read_bytes()
    assert ended(start())[0] == 0


def test_a_package_that_cannot_be_written_to_uses_the_users_cache(start, tmp_path):
    (tmp_path / "package" / "__pycache__").write_text("in the way")
    assert [ended(start())[0] for _ in range(2)] == [1, 0]
    (written,) = files(tmp_path)
    assert written.parent == tmp_path / "home" / ".cache" / "forecastctl"


def test_the_environment_names_a_place(start, tmp_path):
    place = tmp_path / "named" / "here"
    assert [ended(start(NUMBA_CACHE_DIR=str(place)))[0] for _ in range(2)] == [1, 0]
    assert [path.parent for path in files(tmp_path)] == [place]


def test_nothing_can_be_written_and_it_still_works(start, tmp_path):
    (tmp_path / "package" / "__pycache__").write_text("in the way")
    nowhere = {"HOME": "/dev/null/nowhere", "TMPDIR": "/dev/null/nowhere"}
    assert [ended(start(**nowhere))[0] for _ in range(2)] == [1, 1]


def test_of_two_processes_that_start_together_one_compiles(start):
    both = [start(seconds=2.0) for _ in range(2)]
    results = [ended(process) for process in both]
    assert sorted(result[0] for result in results) == [0, 1]
    assert results[0][2] == results[1][2]


def test_every_kernel_counts_for_the_stamp():
    folder = Path(native.__file__).parent
    others = {"__init__", "compiled", "engine", "machine_code", "own_files"}
    assert {path.stem for path in folder.glob("*.py")} - others == set(native.KERNELS)


def fitted(before=""):
    done = subprocess.run(
        [sys.executable, "-c", EVERY.format(before=before)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_fitting_with_kept_code_does_without_numba(kept, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(kept.parent))
    (*found, imported), errors = fitted()
    assert (imported, errors) == (False, "")
    assert found == [bits(12, 90), bits(4, 40)]


@pytest.mark.slow
def test_code_that_cannot_be_kept_gives_the_same_numbers():
    (*found, imported), errors = fitted(REFUSE)
    assert imported
    assert found == [bits(12, 90), bits(4, 40)]
    assert "every process compiles for itself (numba has changed)" in errors


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("declare void @NRT_Free(i8*)", "NRT_Free"),
        ("@PyExc_ValueError = external global i8", "PyExc_ValueError"),
        ('@".const.picklebuf.1" = internal constant i8 0', "picklebuf"),
    ],
)
def test_code_that_needs_numba_or_python_is_refused(code, name):
    with pytest.raises(RuntimeError, match=name):
        compiled._needs(code)


def test_what_the_code_needs_of_the_c_library_is_looked_up_first(kept):
    code = "declare double @log(double)\ndeclare double @llvm.exp.f64(double)\n"
    assert compiled._needs(code + "declare double @llvm.fabs.f64(double)") == ("exp", "log")
    made = native._read(kept)
    assert {"exp", "log"} <= set(made.needs)
    with pytest.raises(RuntimeError, match="has no expp"):
        native._load(native.MachineCode(made.code, made.names, ("exp", "expp")))


class Guarded:
    """Room that is not zero, with a margin that nobody may write to."""

    MARGIN, MARK = 64, 7

    def __init__(self):
        self.given = []

    def empty(self, length, dtype=float):
        whole = np.full(length + self.MARGIN, self.MARK, dtype=dtype)
        self.given.append(whole)
        return whole[:length]

    def intact(self):
        return all(np.all(whole[-self.MARGIN :] == self.MARK) for whole in self.given)


@pytest.mark.parametrize(("m", "n"), [(12, 90), (4, 40), (7, 50), (1, 30)])
def test_the_room_suffices_and_what_was_there_does_not_matter(m, n, monkeypatch):
    expected, room = bits(m, n), Guarded()
    monkeypatch.setattr(engine, "np", room)
    assert bits(m, n) == expected
    assert len(room.given) > 50
    assert room.intact()


def calls(floats, ints):
    """One call of every entry point, by name."""
    two, spec = floats(12), ints([4, 1, 0, 0, 1, 0, 1])
    arma, bounds = ints([4, 1, 0, 0, 0, 1]), floats(4).reshape(2, 2)
    start = floats(20).reshape(2, 10)
    return {
        "smoothing_starts": lambda: engine.smoothing_starts(floats(40), spec, start, ints([0])),
        "smoothing_outcome": lambda: engine.smoothing_outcome(two, two, floats(10), spec, 0.5),
        "arma_starts": lambda: engine.arma_starts(two, arma, bounds),
        "arma_outcome": lambda: engine.arma_outcome(two, two, two, floats(2), arma, 0.5),
        "search": lambda: engine.search(two, arma, bounds, ints([0]), bounds, 1.0),
        "starts_on_grid": lambda: engine.starts_on_grid(two, arma, bounds, bounds),
        "outcome": lambda: engine.outcome(two, two, floats(2), arma, 0.5, two),
    }


WRONG = {
    "float32": (lambda n: np.full(n, 0.1, dtype="f4"), lambda v: np.array(v, dtype="i8")),
    "swapped": (lambda n: np.full(n, 0.1, dtype=">f8"), lambda v: np.array(v, dtype="i8")),
    "int32": (lambda n: np.full(n, 0.1), lambda v: np.array(v, dtype="i4")),
    "strided": (lambda n: np.full(2 * n, 0.1)[::2], lambda v: np.array(v, dtype="i8")),
    "ints strided": (lambda n: np.full(n, 0.1), lambda v: np.repeat(np.array(v, "i8"), 2)[::2]),
}


@pytest.mark.parametrize("name", engine.__dict__["_KERNELS"])
@pytest.mark.parametrize("kind", WRONG)
def test_arrays_that_a_pointer_would_misread_are_refused(name, kind):
    with pytest.raises(TypeError, match=r"float64|int64|contiguous"):
        calls(*WRONG[kind])[name]()


def test_a_read_only_array_is_refused():
    y = np.linspace(1.0, 2.0, 12)
    y.flags.writeable = False
    spec = np.array([4, 1, 0, 0, 1, 0, 1])
    with pytest.raises(TypeError, match="not writable"):
        engine.smoothing_outcome(y, y, np.ones(10), spec, 0.5)


def test_forecasting_loads_no_compiled_code():
    """A stored model is replayed without it."""
    code = (
        "import sys; from forecastctl.models import Fit, family;"
        "fit = Fit({'alpha': 0.1, 'sigma': 1.0}, {'level': 5.0}, 1.0);"
        "[family(n).forecast(fit, 12, {'smoothing': 'estimated'}, 3) for n in ('holt_winters', 'ets')];"
        "family('sarimax'); assert not {'numba', 'llvmlite'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
