"""Compiled once per machine: the cache, its absence, and what a changed kernel does to it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

KERNEL = """
import json
from forecastctl.core.families import compiled

def make(number):
    def double(x):
        return 2.0 * x + (number < 0)
    return double

if __name__ != "__main__":
    double = compiled.entry("float64(float64)", make)
"""

RUN = """
import json, sys
sys.path.insert(0, {folder!r})
from forecastctl.core.families import compiled
compiled.stamp = lambda: {stamp}
import kernel
stats = kernel.double.stats
print(json.dumps([kernel.double(3.0), sum(stats.cache_hits.values()), sum(stats.cache_misses.values())]))
"""


@pytest.fixture
def kernel(tmp_path):
    (tmp_path / "kernel.py").write_text(KERNEL)
    return tmp_path


def run(folder, stamp=1, **environ):
    variables = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "HOME")}
    variables |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environ}
    code = RUN.format(folder=str(folder), stamp=stamp)
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_second_process_compiles_nothing(kernel):
    assert run(kernel, HOME=str(kernel)) == [6.0, 0, 1]
    assert run(kernel, HOME=str(kernel)) == [6.0, 1, 0]


def test_a_changed_kernel_is_compiled_again(kernel):
    run(kernel, HOME=str(kernel))
    assert run(kernel, stamp=2, HOME=str(kernel)) == [6.0, 0, 1]


def test_a_package_that_cannot_be_written_to_uses_the_users_cache(kernel):
    (kernel / "__pycache__").write_text("in the way")
    home = kernel / "home"
    home.mkdir()
    assert run(kernel, HOME=str(home))[0] == 6.0
    assert run(kernel, HOME=str(home)) == [6.0, 1, 0]
    assert any(path.suffix == ".nbi" for path in home.rglob("*"))


def test_nothing_can_be_written_and_it_still_works(kernel):
    (kernel / "__pycache__").write_text("in the way")
    nowhere = "/dev/null/nowhere"
    answer, hits, _ = run(kernel, HOME=nowhere, XDG_CACHE_HOME=nowhere, TMPDIR=nowhere)
    assert (answer, hits) == (6.0, 0)


def test_every_kernel_counts_for_the_stamp():
    from forecastctl.core.families import compiled

    folder = Path(compiled.__file__).parent
    assert {path.stem for path in folder.glob("kernels_*.py")} == set(compiled.KERNELS)


def test_forecasting_compiles_nothing():
    """A stored model is replayed without the compiler, which is slow to import."""
    code = (
        "import sys; from forecastctl.core.families import Fit, family;"
        "fit = Fit({'alpha': 0.1, 'sigma': 1.0}, {'level': 5.0}, 1.0);"
        "[family(n).forecast(fit, 12, {'smoothing': 'estimated'}, 3) for n in ('holt_winters', 'ets')];"
        "family('sarimax'); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
