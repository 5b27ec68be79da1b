"""The page of an explanation: whole, self-contained, safe, and true to the answer."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from forecastctl.explain.page import words
from forecastctl.explain.page.charts import Missing
from forecastctl.explain.page.gallery import gallery
from forecastctl.explain.page.page import explanation_page
from forecastctl.figures import signed
from tests import services
from tests.explain.page.cases import HOSTILE, make_cases

VOID = {"meta", "br", "hr", "img", "link", "input"}
CASES = make_cases()


class Page(HTMLParser):
    """Tags with attributes, ids and text; refuses tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open, self.cells, self.row = [], {}, [], [], None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.row = []
            self.cells.append(self.row)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)
            if self.open[-1] in ("td", "th"):
                self.row.append(data)


@pytest.fixture(scope="module")
def pages():
    return {name: explanation_page(*case) for name, case in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_every_verdict_gives_a_whole_page_with_its_headline(pages, name):
    answer, view = CASES[name]
    page = Page(pages[name])
    headline = words.headline(answer, view.freq)
    assert "".join(page.text["h1"]) == headline
    assert "".join(page.text["title"]) == headline
    assert ("html", {"lang": "en"}) in page.tags
    for number in (answer.actual, answer.miss):
        if number is not None:
            assert f"{abs(number):,.0f}" in "".join(page.text["dd"])


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_loaded_from_elsewhere(pages, name):
    for tag, attributes in Page(pages[name]).tags:
        assert tag not in ("script", "link", "iframe", "object", "image", "img")
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("src", "href", "xlink:href"):
                assert value.startswith("#") or (tag == "a" and value.startswith("http://mlflow."))
    assert not re.search(r"@import|url\((?!#)", pages[name])


@pytest.mark.parametrize("name", CASES)
def test_ids_are_unique_and_every_reference_is_met(pages, name):
    page = Page(pages[name])
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids)) > 10
    wanted = set(re.findall(r"url\(#([^)]+)\)", pages[name]))
    wanted |= {a["href"][1:] for _, a in page.tags if a.get("href", "").startswith("#")}
    assert wanted
    assert wanted <= set(ids)


def test_a_hostile_name_stays_text(pages):
    html = pages["cannot_tell"]
    assert "<script" not in html
    assert HOSTILE in "".join(Page(html).text["h1"])
    assert "javascript:" not in str([a for _, a in Page(html).tags])


def test_the_parts_shown_add_up_to_the_miss_shown(pages):
    for name, (answer, view) in CASES.items():
        if not answer.parts:
            (said,) = (c.missing for c in gallery(answer, view) if c.name == "parts")
            assert said in pages[name]
            continue
        cells = {row[0]: row[1] for row in Page(pages[name]).cells if len(row) >= 2}
        shown = [
            float(cells[words.part(p)].replace(",", "").replace("+", "")) for p in answer.parts
        ]
        assert cells["together: the miss"] == signed(answer.miss)
        assert sum(shown) == pytest.approx(answer.miss, abs=0.5 * len(shown))


def test_what_is_missing_is_said(pages):
    for name, case in CASES.items():
        for chart in gallery(*case):
            assert (chart.missing is not None) == isinstance(chart.data, Missing)
            if chart.missing:
                assert chart.missing in pages[name]
            else:
                assert f'id="{chart.name}-figure_1"' in pages[name]
    missing = {n: [c.name for c in gallery(*CASES[n]) if c.missing] for n in CASES}
    assert missing["system_shock"] == []
    assert missing["run_failure"] == ["parts", "alternatives", "evolution", "paths"]
    assert missing["cannot_tell"] == ["fleet", "evolution", "paths"]
    assert missing["no_actual"] == ["parts", "fleet", "neighbours", "alternatives"]


def test_equal_answers_give_equal_bytes(pages):
    assert explanation_page(*CASES["system_shock"]) == pages["system_shock"]


def test_every_drawing_says_what_it_shows(pages):
    drawn = [a for tag, a in Page(pages["local_shock"]).tags if tag == "svg"]
    assert len(drawn) == 8
    assert all(a["role"] == "img" and len(a["aria-label"]) > 40 for a in drawn)


def test_an_actual_of_zero_is_known(pages):
    answer, view = CASES["local_shock"]
    none = explanation_page(replace(answer, actual=0.0, miss=answer.forecast.mean), view)
    tiles = Page(none).text
    assert tiles["dd"][0] == "0"
    assert "not known yet" not in none
    assert "not known yet" in pages["no_actual"]


@pytest.mark.parametrize("forecast", [0.0, 19_000.0])
def test_a_forecast_that_was_met_exactly_says_so_and_no_more(pages, forecast):
    answer, view = CASES["expected_noise"]
    parts = tuple(replace(p, value=0.0) for p in answer.parts)
    met = replace(
        answer,
        forecast=replace(answer.forecast, mean=forecast),
        actual=forecast,
        miss=0.0,
        miss_percent=None,
        parts=parts,
    )
    html = explanation_page(met, view)
    page = Page(html)
    assert "".join(page.text["h1"]).endswith("the forecast was met exactly.")
    assert "Met exactly" in html
    assert "Against the usual error" in pages["expected_noise"]
    assert "Against the usual error" not in html
    assert "This one was met exactly." in html


CUT_OFF = """() => [...document.querySelectorAll('.scroll')]
  .filter(e => e.scrollWidth > e.clientWidth
    || e.firstElementChild.getBoundingClientRect().right > document.documentElement.clientWidth)
  .map(e => e.getAttribute('aria-labelledby'))"""
"""Tables of which a part is beyond the edge."""

A4 = {"width": 688, "height": 1000}
"""What is left of a sheet within the margins, in pixels of CSS."""


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("name", ["system_shock", "cannot_tell", "run_failure"])
def test_a_browser_without_a_network_shows_it(pages, name, size, tmp_path):
    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    path = tmp_path / "page.html"
    path.write_text(pages[name], encoding="utf-8")
    said, asked = [], []
    with services.browser_page() as page:
        page.context.set_offline(True)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(path.as_uri())
        for found in ("h1", ".tiles"):
            box = page.locator(found).bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= size[1]
        assert page.locator("h1").inner_text() == " ".join(
            words.headline(CASES[name][0], "M").split()
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert page.evaluate(CUT_OFF) == []
        shown = page.locator("figure.history svg:visible")
        assert shown.count() == 1
        assert shown.bounding_box()["width"] > 0.75 * min(size[0], 1120)
        page.emulate_media(media="print")
        page.set_viewport_size(A4)
        assert page.evaluate(CUT_OFF) == []
    assert said == []
    assert asked == [path.as_uri()]


@pytest.mark.parametrize("share", [0.0, 25.0, 100.0])
def test_captions_are_sentences(share):
    answer, view = CASES["system_shock"]
    answer = replace(answer, fleet=replace(answer.fleet, share_outside=share))
    for chart in gallery(answer, view):
        for sentence in re.split(r"(?<=[a-z%])\. ", chart.caption):
            assert sentence[:1] == sentence[:1].upper(), chart.caption
