"""Compiled once per machine: what is kept, its absence and damage, and what the kernels take."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import NumbaError

from forecastctl.models.base import _engine_loads, working_engine
from forecastctl.models.kernels import cache, compiled, decorate, engine
from tests.models.fits import bits

ROOT = Path(__file__).resolve().parents[2]

RUN = """
import json, logging, sys
logging.basicConfig(format="%(levelname)s %(message)s")
sys.path.insert(0, {folder!r})
from forecastctl.models.kernels import cache, compiled
compiled._ENGINE, said = "entries", []
{call}
import entries
hits = sum(entries.twice.stats.cache_hits.values()) if hasattr(entries.twice, "stats") else None
print(json.dumps([hits, entries.twice(2.0), said, sorted({{"numba"}} & set(sys.modules))]))
"""

ENTRIES = """
import time
from forecastctl.models.kernels.decorate import entry
time.sleep({seconds})

@entry("f8(f8)")
def twice(x):
    return {factor} * x
"""

LOAD, WARM = "compiled.load()", "compiled.warm(said.append)"
SAID = ["compiling the models, once per machine: about a minute"]


@pytest.fixture
def start(tmp_path):
    """Start a process that loads a small engine, kept in a directory of its own."""

    def start(call=LOAD, seconds=0.0, factor=2.0, **environ):
        source, path = ENTRIES.format(seconds=seconds, factor=factor), tmp_path / "entries.py"
        if not path.exists() or path.read_text() != source:  # numba may look at the time of a file
            path.write_text(source)
        variables = {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        return subprocess.Popen(
            [sys.executable, "-c", RUN.format(folder=str(tmp_path), call=call)],
            env=os.environ | variables | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def ended(process):
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return json.loads(output), errors


def kept(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc"))


@pytest.mark.slow
def test_the_second_process_compiles_nothing(start, tmp_path):
    (first, _), (second, _) = ended(start()), ended(start())
    assert [first[:2], second[:2]] == [[0, 4.0], [1, 4.0]]
    assert len(kept(tmp_path)) == 2


@pytest.mark.slow
def test_workers_find_compiled_what_was_warmed_before_and_it_is_said_once(start):
    said = [ended(start(WARM))[0][2] for _ in range(2)]
    assert said == [SAID, []]
    assert ended(start())[0][0] == 1


@pytest.mark.slow
def test_nothing_is_imported_where_it_is_warm(start):
    ended(start(WARM))
    code = WARM + "; assert 'numba' not in sys.modules"
    ended(start(code))


@pytest.mark.slow
def test_of_two_processes_that_start_together_one_compiles(start):
    both = [start(seconds=2.0) for _ in range(2)]
    assert sorted(ended(process)[0][0] for process in both) == [0, 1]


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [
        (".nbi", lambda b: b[:-9]),
        (".nbc", lambda b: b[: len(b) // 2]),
        (".nbc", lambda _: b""),
        (".nbc", lambda b: b[:3000] + bytes([b[3000] ^ 1]) + b[3001:]),
    ],
)
@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(start, tmp_path, suffix, damage):
    ended(start(WARM))
    path = next(path for path in kept(tmp_path) if path.suffix == suffix)
    path.write_bytes(damage(path.read_bytes()))
    assert ended(start(WARM))[0][:3] == [0, 4.0, SAID]
    assert ended(start(WARM))[0][:3] == [1, 4.0, []]


@pytest.mark.slow
def test_what_a_killed_process_has_left_is_not_trusted(start, tmp_path):
    ended(start(WARM))
    next((tmp_path / "cache").rglob("ready")).unlink()
    next(path for path in kept(tmp_path) if path.suffix == ".nbc").write_bytes(b"")
    assert ended(start())[0][:2] == [0, 4.0]
    assert ended(start(WARM))[0][:3] == [1, 4.0, []]


@pytest.mark.slow
def test_where_nothing_can_be_kept_it_still_works(start, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    found, errors = ended(start(WARM))
    assert found[:2] == [0, 4.0]
    assert found[2] == ["the compiled models cannot be kept here: every worker compiles for itself"]
    assert not errors


@pytest.mark.slow
def test_where_the_disk_is_full_it_still_works(start, tmp_path):
    """The directory can be made, and what is compiled cannot be written."""
    full = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
    )
    found, _ = ended(start(full + WARM))
    assert found[:2] == [0, 4.0]
    assert not kept(tmp_path)
    assert ended(start(WARM))[0][2] == SAID


def test_without_numba_the_kernels_are_plain_python(start):
    found, _ = ended(start("sys.modules['numba'] = None; " + WARM))
    assert found == [None, 4.0, [], ["numba"]]


def test_where_numba_is_told_not_to_compile_it_is_not_said_to(start):
    code = (
        WARM
        + "; from forecastctl.models.kernels import decorate; said += map(str, decorate.trouble)"
    )
    found, _ = ended(start(code, NUMBA_DISABLE_JIT="1"))
    assert found == [None, 4.0, ["NUMBA_DISABLE_JIT is set"], ["numba"]]


EVERY = """
import json, sys
from tests.models.fits import bits
{before}
print(json.dumps([bits(12, 90), bits(4, 40)]))
"""


def fitted(before="", **environ):
    done = subprocess.run(
        [sys.executable, "-c", EVERY.format(before=before)],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_another_process_fits_the_same_bits_whatever_was_in_its_memory():
    """glibc fills what is allocated, so that a number that nobody has written would show."""
    found = [bits(12, 90), bits(4, 40)]
    assert fitted(MALLOC_PERTURB_="165") == found
    assert fitted(MALLOC_PERTURB_="90") == found


@pytest.mark.slow
def test_no_kernel_reads_or_writes_beside_an_array(tmp_path):
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert fitted(**checked) == [bits(12, 90), bits(4, 40)]


@pytest.mark.slow
def test_plain_python_fits_the_same():
    plain = fitted("sys.modules['numba'] = None")
    for one, other in zip(plain, [bits(12, 90), bits(4, 40)], strict=True):
        for a, b in zip(one, other, strict=True):
            numbers = [np.frombuffer(bytes.fromhex(text)) for text in (a, b)]
            np.testing.assert_allclose(*numbers, rtol=1e-6, atol=1e-9)


@pytest.fixture
def broken(monkeypatch):
    """An engine that does not compile."""
    monkeypatch.setattr(decorate, "trouble", [])
    monkeypatch.setattr(compiled, "_ENGINE", "json")
    monkeypatch.setattr(cache, "place", lambda: None)
    _engine_loads.cache_clear()
    yield decorate
    _engine_loads.cache_clear()


def test_what_does_not_compile_stays_python_and_statsmodels_fits(broken, caplog):
    assert working_engine("compiled") == "compiled"
    _engine_loads.cache_clear()

    @broken.entry("f8(f8)")
    def beyond_numba(x):
        return f"{x}".join(object)  # no type of numba's

    assert beyond_numba.__name__ == "beyond_numba"
    assert not hasattr(beyond_numba, "py_func")
    assert working_engine("compiled") == "statsmodels"
    assert "statsmodels fits instead" in caplog.text


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


@pytest.mark.parametrize("name", calls(np.zeros, np.array))
@pytest.mark.parametrize("kind", WRONG)
def test_arrays_that_the_kernels_are_not_compiled_for_are_refused(name, kind):
    with pytest.raises((TypeError, NumbaError)):  # the latter of numba 0.61
        calls(*WRONG[kind])[name]()


def test_a_read_only_array_is_refused():
    y = np.linspace(1.0, 2.0, 12)
    y.flags.writeable = False
    spec = np.array([4, 1, 0, 0, 1, 0, 1])
    with pytest.raises(TypeError):
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
