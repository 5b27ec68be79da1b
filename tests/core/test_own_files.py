"""Machine code that somebody else may have written is not run."""

import os
import stat
from pathlib import Path

import pytest

from forecastctl.models.kernels import machine_code as native
from forecastctl.models.kernels import own_files

SOMEBODY = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def give(path, uid=SOMEBODY):
    os.chown(path, uid, uid)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o755)
    path = folder / "code.bin"
    path.write_bytes(b"code")
    path.chmod(0o644)
    return path


def test_a_file_of_ones_own_is_read(path):
    assert own_files.read(path) == b"code"
    assert own_files.shelf(path.parent) == path.parent


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.chmod(0o664),
        lambda path: path.chmod(0o646),
        lambda path: path.parent.chmod(0o775),
        lambda path: path.parent.chmod(0o1777),
        pytest.param(give, marks=needs_root),
        pytest.param(lambda path: give(path.parent), marks=needs_root),
    ],
    ids=["group", "others", "folder group", "folder others", "owner", "folder owner"],
)
def test_what_somebody_else_could_write_is_refused(path, change):
    change(path)
    with pytest.raises(own_files.ForeignError, match="has owner"):
        own_files.read(path)


def test_links_and_pipes_are_refused(path):
    link, pipe = path.with_name("link.bin"), path.with_name("pipe.bin")
    link.symlink_to(path)
    os.mkfifo(pipe, 0o600)
    for other in (link, pipe, path.parent):
        with pytest.raises(OSError):
            own_files.read(other)


@needs_root
def test_a_link_to_somebody_elses_file(path, tmp_path):
    theirs = tmp_path / "theirs.bin"
    theirs.write_bytes(b"bad")
    give(theirs)
    path.unlink()
    path.symlink_to(theirs)
    with pytest.raises(own_files.ForeignError, match="is a link"):
        own_files.read(path)


def test_a_folder_is_private_and_a_shared_one_gets_a_private_one(tmp_path):
    made = tmp_path / "a" / "b"
    own_files.make_folder(made)
    assert mode(made) == 0o700
    made.chmod(0o777)
    shelf = own_files.shelf(made)
    assert shelf.parent == made
    own_files.make_folder(shelf)
    assert mode(shelf) == 0o700
    with pytest.raises(own_files.ForeignError):
        own_files.make_folder(made)


def test_a_link_in_place_of_the_private_folder_is_not_followed(tmp_path):
    shared, elsewhere = tmp_path / "shared", tmp_path / "elsewhere"
    shared.mkdir()
    elsewhere.mkdir(0o700)
    shared.chmod(0o1777)
    own_files.shelf(shared).symlink_to(elsewhere)
    with pytest.raises(OSError):
        own_files.make_folder(own_files.shelf(shared))


@pytest.fixture
def poisoned(tmp_path, monkeypatch):
    """The cache that the environment names: anybody's, with a whole and valid file in it."""
    native.kernels()
    made = next(filter(None, (native._read(f / native._name()) for f in native._folders())), None)
    if made is None:
        pytest.skip("nothing can be kept here")
    place = tmp_path / "shared"
    place.mkdir()
    path = place / native._name()
    path.write_bytes(native._packed(made))
    place.chmod(0o1777)
    path.chmod(0o644)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(place))
    monkeypatch.setattr(native, "_load", lambda given: given.code)
    return path, made


def test_a_file_in_anybodys_cache_is_not_loaded_but_named_and_made_anew(
    poisoned, monkeypatch, caplog
):
    path, made = poisoned
    if os.geteuid() == 0:
        give(path)
    from forecastctl.models.kernels import compiled

    monkeypatch.setattr(compiled, "machine_code", lambda: made)
    assert native._kept() is None
    assert native.kernels.__wrapped__() == made.code
    assert str(path) in caplog.text
    assert "somebody else" in caplog.text
    (own,) = Path(path.parent).glob("*/*.bin")
    assert (mode(own.parent), mode(own)) == (0o700, 0o600)
    caplog.clear()
    assert native.kernels.__wrapped__() == made.code
    assert native._kept() == made.code
    assert not caplog.text


@needs_root
def test_where_somebody_has_made_ones_private_folder_the_code_stays_in_memory(
    poisoned, monkeypatch, caplog
):
    path, made = poisoned
    taken = own_files.shelf(path.parent)
    taken.mkdir(0o777)
    planted = path.rename(taken / path.name)
    for theirs in (planted, taken):
        give(theirs)
    from forecastctl.models.kernels import compiled

    monkeypatch.setattr(compiled, "machine_code", lambda: made)
    assert native.kernels.__wrapped__() == made.code
    assert "not kept" in caplog.text
    assert native._kept() is None
    assert f"The compiled code in {planted} is not loaded" in caplog.text
    assert list(taken.iterdir()) == [planted]
