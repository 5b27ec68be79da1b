"""The site is built without a warning, holds every page, and needs no network."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from tests import services

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md"))


def _pages(entries):
    """The pages that a navigation leads to."""
    for entry in entries:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else _pages(value)


def test_the_navigation_is_that_of_the_index_and_leaves_no_page_out():
    from docs._tools.site_pages import navigation

    made = navigation((DOCS / "index.md").read_text(encoding="utf-8"))
    assert [*(part for entry in made for part in entry)] == [
        "Home",
        "Tutorial",
        "How-to guides",
        "Reference",
        "Explanation",
    ]
    listed = list(_pages(made))
    assert sorted(listed) == sorted(
        [*(p.relative_to(DOCS).as_posix() for p in PAGES), "changelog.md"]
    )


def test_links_out_of_docs_lead_to_pages_of_the_site():
    from docs._tools.site_pages import LINK, _led, _page_of, outside_code

    text = (
        "[a](../../examples/crontab) `[b](../../x)` [c](mlflow.md#pages) [d](https://example.org/a)"
    )
    led = outside_code(text, lambda part: LINK.sub(lambda m: _led(m[0], "how-to/cron.md"), part))
    assert led == (
        "[a](../examples/crontab.md) `[b](../../x)` [c](mlflow.md#pages) [d](https://example.org/a)"
    )
    assert _led("docs/how-to/extend.md", "changelog.md") == "how-to/extend.md"
    assert _led("../docs/architecture.md", "github/contributing.md") == "../architecture.md"
    assert _page_of("examples/crontab").startswith("# examples/crontab\n\n````text\n")
    assert "## forecastctl_example/" in _page_of("examples/plugin")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make site` builds it: a warning fails it."""
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += ["-f", DOCS / "_tools/mkdocs.yml", "-d", place]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return place


def _article(page):
    """The part of a page that is the document."""
    return re.search(r"<article.*?>(.*)</article>", page.read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.mark.slow
def test_the_site_holds_every_page_and_no_code_of_its_own(site):
    for page in PAGES:
        assert (site / page.relative_to(DOCS)).with_suffix(".html").is_file()
    assert not list(site.rglob("_tools"))
    assert not list(site.rglob("*.py"))
    assert "forecastctl" in _article(site / "examples/crontab.html")


@pytest.mark.slow
def test_every_link_of_the_site_leads_somewhere(site):
    def targets(page):
        found = re.findall(r'(?:href|src)="?([^">\s]+)', _article(page))
        return [unquote(t.partition("#")[0]) for t in found if not re.match(r"[a-z]+:|#", t)]

    pages = [page for page in site.rglob("*.html") if page.stem != "404"]
    broken = [(p.name, t) for p in pages for t in targets(p) if not (p.parent / t).exists()]
    assert broken == []


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["table", "li", "pre", "h2", "h3", "img"])
def test_the_site_reads_pages_as_their_other_readers_do(site, tag):
    """A list that stands too near to a paragraph is one in one dialect of Markdown alone."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    for page in PAGES:
        plain = reader.render(page.read_text(encoding="utf-8"))
        built = _article((site / page.relative_to(DOCS)).with_suffix(".html"))
        count = [len(re.findall(rf"<{tag}[ />]", text)) for text in (plain, built)]
        assert count[0] == count[1], (page, count)


@pytest.mark.slow
def test_pages_and_search_need_no_network(site):
    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    asked, said = [], []
    with services.browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"file://{site}/reference/settings.html")
        page.click("input.md-search__input")
        page.keyboard.type("prune")
        page.wait_for_selector(".md-search-result__item")
        first = page.text_content(".md-search-result__item")
    assert "prune" in first
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert said == []
