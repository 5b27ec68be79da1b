"""Pictures of pages are small, used, and made again by one command."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests import services

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
PNG = sorted(IMAGES.glob("*.png"))


@pytest.mark.parametrize("path", PNG, ids=lambda p: p.name)
def test_a_picture_is_small(path):
    from docs._tools.screenshots import MOST_BYTES

    assert path.stat().st_size <= MOST_BYTES


def test_every_picture_is_used_and_described():
    text = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md"))
    used = dict(re.findall(r"!\[([^\]]*)\]\((?:\.\./)?images/([^)]+)\)", text))
    assert sorted(set(used.values())) == sorted(p.name for p in IMAGES.iterdir())
    assert all(len(words) > 10 for words in used)


@pytest.mark.slow
def test_one_command_takes_all_pictures_again(tmp_path, monkeypatch):
    from docs._tools.screenshots import take

    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    folder, images = tmp_path / "made", tmp_path / "images"
    folder.mkdir()
    images.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    taken = take(folder, images)
    assert sorted(p.name for p in taken) == [p.name for p in PNG]
    tutorial = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    for page in (tutorial, (folder / "why.html").read_text(encoding="utf-8")):
        assert "Local shock" in page  # the miss with a cause, at which the tutorial ends
    for path in taken:
        shape = Image.open(path).size
        assert shape == Image.open(IMAGES / path.name).size
        assert len(Image.open(path).convert("RGB").getcolors(1_000_000)) > 20  # no blank page
