"""Where compiled code is kept: code that somebody else may have written is not run."""

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from forecastctl.models.kernels import cache

ROOT = Path(__file__).resolve().parents[2]
SOMEBODY = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Ask anew where code is kept, in an environment that names no place."""
    monkeypatch.setattr(cache, "_HERE", tmp_path / "package")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    (tmp_path / "package").mkdir()
    return cache.place.__wrapped__


def test_it_is_private_and_found_again(place, tmp_path):
    found = place()
    assert found.parent == tmp_path / "package" / "__pycache__"
    assert mode(found) == 0o700
    assert place() == found


def test_each_place_is_taken_where_the_one_before_cannot_be_written(place, tmp_path):
    (tmp_path / "package" / "__pycache__").write_text("in the way")
    assert place().parent == tmp_path / "home" / ".cache" / "forecastctl"
    (tmp_path / "home" / ".cache" / "forecastctl").rename(tmp_path / "gone")
    (tmp_path / "home" / ".cache" / "forecastctl").write_text("in the way")
    assert place().parent == tmp_path / "temporary"
    (tmp_path / "temporary").rename(tmp_path / "temporary before")
    (tmp_path / "temporary").write_text("in the way")
    assert place() is None


def test_a_directory_that_cannot_be_written_to_is_passed_over(place, tmp_path, monkeypatch):
    """As on a file system that has been mounted to be read only."""
    first = place()
    monkeypatch.setattr(cache.os, "access", lambda path, _: path != first)
    assert place().parent == tmp_path / "home" / ".cache" / "forecastctl"


def test_the_environment_names_a_place(place, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named" / "here"))
    assert place().parent == tmp_path / "named" / "here"


def test_in_anybodys_directory_it_is_still_private(place, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(shared))
    assert mode(place()) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_directory_in_whose_place_others_could_put_another_is_not_used(
    place, tmp_path, monkeypatch, caplog, mode
):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "a" / "b"))
    assert place() is not None
    (tmp_path / "a").chmod(mode)
    mine = os.getegid()
    monkeypatch.setattr(cache.os, "getegid", lambda: mine + 1)  # the group is another one
    assert place() is None
    assert "is not used" in caplog.text


@needs_root
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_directory_below_somebody_elses_is_not_used(place, tmp_path, monkeypatch, caplog, mode):
    """Its owner may rename what is in it, however it is closed, and sticky too."""
    theirs = tmp_path / "theirs"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(theirs))
    assert place() is not None
    theirs.chmod(mode)
    os.chown(theirs, SOMEBODY, SOMEBODY)
    assert place() is None
    assert "is not used" in caplog.text


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda file: os.chown(file, SOMEBODY, SOMEBODY), marks=needs_root),
        lambda file: file.chmod(0o666),
    ],
    ids=["owner", "open"],
)
def test_a_directory_in_which_somebody_left_something_is_not_used(
    place, leave, tmp_path, monkeypatch
):
    """It may have been open to all before it was closed."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = place()
    (found / "module").mkdir()
    left = found / "module" / "f.nbi"
    left.touch()
    left.chmod(0o600)
    assert place() == found
    leave(left)
    assert place() is None
    assert cache.look() == (None, [str(found)])


def test_what_is_not_as_it_was_written_counts_as_damaged(place, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = place()
    (found / "f.nbi").write_bytes(b"code")
    assert not cache.is_damaged(found)  # it was never complete
    cache.mark_ready(found)
    assert not cache.is_damaged(found)
    (found / "f.nbi").write_bytes(b"other")
    assert cache.is_damaged(found)


def linked(path):
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.chmod(0o770),
        lambda path: path.chmod(0o707),
        lambda path: path.chmod(0o755),
        linked,
        pytest.param(lambda path: os.chown(path, SOMEBODY, SOMEBODY), marks=needs_root),
    ],
    ids=["group", "others", "readable", "link", "owner"],
)
def test_a_directory_that_may_be_somebody_elses_is_not_used_but_named(
    place, change, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = place()
    assert not caplog.text
    change(found)
    assert place() is None
    assert f"{found} is not used" in caplog.text


def test_other_sources_and_compilers_have_directories_of_their_own(place, tmp_path, monkeypatch):
    kernel, found = tmp_path / "package" / "kernel.py", []
    for text in ("x = 1", "x = 2", "x = 1"):
        kernel.write_text(text)
        found.append(place())
    assert found[0] == found[2] != found[1]
    monkeypatch.setattr(cache, "version", lambda _: "0.0")
    assert place() not in found


def test_settings_of_numba_that_change_code_have_directories_of_their_own(place, monkeypatch):
    found = place()
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert place() == found
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert place() != found


def test_what_is_ready_replaces_earlier_ones_of_the_same_installation(place, tmp_path, monkeypatch):
    kernel = tmp_path / "package" / "kernel.py"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    kernel.write_text("x = 1")
    earlier = place()
    monkeypatch.setattr(cache, "_processor", lambda: "another")
    other = place()
    monkeypatch.undo()
    monkeypatch.setattr(cache, "_HERE", kernel.parent)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    kernel.write_text("x = 2")
    found = place()
    cache.mark_ready(found)
    assert not cache.is_ready(found)  # numba has kept nothing
    (found / "module").mkdir()
    (found / "module" / "f.nbi").touch()
    cache.mark_ready(found)
    assert cache.is_ready(found)
    assert (earlier.exists(), other.exists(), found.exists()) == (False, True, True)


LOAD = """
import sys
sys.path.insert(0, {folder!r})
from forecastctl.models.kernels import cache
import entries
print(entries.twice(2.0), cache.place() is not None)
"""

ENTRIES = """
from forecastctl.models.kernels.decorate import entry

@entry("f8(f8)")
def twice(x):
    return 2.0 * x
"""


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.slow
@pytest.mark.parametrize("private", [True, False])
def test_a_planted_file_runs_only_where_nobody_else_could_have_planted_it(private, tmp_path):
    """numba's cache is made of pickles, which run what they hold."""
    (tmp_path / "entries.py").write_text(ENTRIES)
    environ = os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def load():
        code = LOAD.format(folder=str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout.split(), done.stderr

    assert load() == (["4.0", "True"], "")
    (kept,) = (tmp_path / "cache").rglob("*.nbi")
    exploded = tmp_path / "exploded"
    kept.write_bytes(pickle.dumps(numba.__version__) + pickle.dumps(Bomb(exploded)))
    if not private:
        kept.parent.parent.chmod(0o777)
    said, errors = load()
    assert said == ["4.0", str(private)]
    assert exploded.exists() == private
    assert ("not used" in errors) == (not private)
