"""Every relative link of the documentation leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links(text):
    """Targets of the links outside code."""
    return LINK.findall(CODE.sub("code", text))


def anchors(text):
    """Anchors of the headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ +(.+?) *$", CODE.sub(lambda m: m[0].strip("`"), text), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", h).replace("`", "") for h in headings)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in plain}


def broken(page):
    """Links of a page that lead nowhere."""
    found = []
    for target in links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        wrong_anchor = (
            anchor
            and place.suffix == ".md"
            and place.is_file()
            and anchor not in anchors(place.read_text(encoding="utf-8"))
        )
        if not place.exists() or wrong_anchor:
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_every_link_of_a_page_resolves(page):
    assert broken(page) == []


def test_every_page_can_be_reached_from_the_index():
    seen, queue = set(), [ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        targets = (t.partition("#")[0] for t in links(page.read_text(encoding="utf-8")))
        queue += [(page.parent / t).resolve() for t in targets if t and ":" not in t]
    assert set((ROOT / "docs").rglob("*.md")) - seen == set()


def test_a_broken_link_would_be_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading: `code`\n[ok](#a-heading-code) [gone](gone.md) [no](#such-anchor) "
        "[web](https://example.org/x) `[in code](nowhere.md)`\n"
    )
    assert broken(page) == ["gone.md", "#such-anchor"]
