"""A report opened from disk in a real browser, without a network."""

import json
import math
import random
from dataclasses import replace
from importlib.resources import files

import pytest

from forecastctl import figures
from forecastctl.explain.page import words
from forecastctl.recording.context import airport_key
from forecastctl.report.outcomes import Earlier, Outcome
from forecastctl.report.page.site import site_files
from forecastctl.report.values import AirportFacts, Line, Report
from forecastctl.report.write import write_folder
from tests import services
from tests.report.conftest import MARKUP, NAMES
from tests.report.test_glance import airport, job

pytestmark = pytest.mark.slow

LARGE = 5_000
CONTRAST = """() => {
  const shade = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && element.parentElement ? behind(element.parentElement) : colour;
  };
  const texts = [...document.querySelectorAll("main *")].filter((e) => e.getClientRects().length
    && !e.disabled && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((e) => {
    const style = getComputedStyle(e);
    const front = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [shade(front), shade(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""
"""The least contrast of any text with what lies behind it."""


@pytest.fixture(scope="module")
def browser():
    try:
        services.chromium()
    except services.UnavailableError as reason:
        pytest.skip(str(reason))
    with services.browser_page() as page:
        page.context.set_offline(True)
        yield page.context


@pytest.fixture
def page(browser):
    """A page that must say nothing in the console and ask for files alone."""
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith("file://")] == []
    page.close()


@pytest.fixture(scope="module")
def folder(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_folder(dict(site_files(report)), folder)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A report of thousands of made-up airports."""
    some = random.Random(0)  # noqa: S311
    airports = tuple(
        airport(f"A{i:04}", [some.uniform(1, 1e5) for _ in range(24)], (float(i), 1.0, 2.0))
        for i in range(LARGE)
    )
    folder = tmp_path_factory.mktemp("large")
    write_folder(dict(site_files(Report(job(), airports))), folder)
    return folder


def names(page):
    return page.locator("#rows th").all_inner_texts()


def shown(page):
    """The table once it is there."""
    page.locator("#rows tr").first.wait_for()
    return page


def opened(page, folder, rest=""):
    page.goto(f"{(folder / 'index.html').as_uri()}{rest}")
    return shown(page)


def spaced(text):
    return " ".join(text.split())


def test_the_table_shows_every_airport_and_sorts_by_its_columns(page, folder, report):
    opened(page, folder)
    assert {*map(spaced, names(page))} == {spaced(f.airport) for f in report.airports}
    forecasts = {spaced(f.airport): f.fan.mean[0] for f in report.airports if f.fan}
    largest = sorted(forecasts, key=forecasts.get, reverse=True)
    assert list(map(spaced, names(page))) == [*largest, "ZERO"]  # what is not known comes last
    head = page.locator('th[data-key="next"]')
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert list(map(spaced, names(page))) == [*largest[::-1], "ZERO"]
    page.locator('th[data-key="airport"] button').click()
    assert head.get_attribute("aria-sort") is None
    assert names(page)[-1] == "ZERO"


def test_the_numbers_are_those_of_the_report(page, folder, report):
    opened(page, folder)
    row = page.locator("#rows tr", has=page.get_by_role("link", name="JFK", exact=True))
    fan = report.airports[0].fan
    low, high = (figures.number(ends[0]) for ends in fan.bands[95])
    text = spaced(row.inner_text())
    assert f"{figures.number(fan.mean[0])} {low} to {high}" in text
    assert f"{figures.signed(report.airports[0].miss.miss_percent)} %" in text
    assert row.locator("path.ahead").get_attribute("d").startswith("M")


def test_searching_by_keys_alone(page, folder):
    opened(page, folder)
    page.keyboard.press("/")
    page.keyboard.type("etc pass")
    assert names(page) == ["../../etc/passwd"]
    assert page.locator("#count").inner_text() == "1 of 6 airports"
    page.keyboard.press("Control+a")
    page.keyboard.type("nothing like it")
    assert names(page) == []
    assert page.locator("#count").inner_text() == "None of 6 airports fits."
    page.keyboard.press("Control+a")
    page.keyboard.type("REJECTED")
    assert names(page) == ["ZERO"]
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    head = page.locator('th[data-key="airport"] button')
    for _ in range(12):  # the table follows the tools
        if head.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator('th[data-key="airport"]').get_attribute("aria-sort") == "ascending"


def test_a_status_is_a_filter_and_the_address_remembers_the_table(page, folder):
    opened(page, folder)
    page.locator('button[data-only="rejected"]').click()
    assert names(page) == ["ZERO"]
    page.get_by_role("link", name="ZERO").click()
    page.locator("#content").wait_for()
    assert page.locator("h1").inner_text() == "ZERO"
    assert "rejected" in page.locator("#state").inner_text()
    page.go_back()
    assert names(shown(page)) == ["ZERO"]
    assert page.locator("#only").input_value() == "rejected"


@pytest.mark.parametrize("name", NAMES)
def test_every_airport_has_its_page_whatever_its_name(page, folder, report, name):
    facts = next(f for f in report.airports if f.airport == name)
    page.goto(f"{(folder / 'airport.html').as_uri()}#{airport_key(name)}")
    page.locator("#content").wait_for()
    assert page.locator("h1").text_content() == name
    assert page.title().startswith(name.split()[0])
    assert page.evaluate("window.harm") is None
    for chart in ("history-chart", "lead-chart", "trial-chart"):
        assert page.locator(f"#{chart} svg").get_attribute("role") == "img"
    assert page.locator("#trial-chart circle, #trial-chart path.far").count() == len(
        facts.search.trials
    )
    first = page.locator("#forecasts tbody tr").first.inner_text().split("\t")
    assert first[:2] == ["January 2020", figures.number(facts.fan.mean[0])]
    assert page.locator("#sentence").text_content() == facts.miss.sentence
    assert facts.run_id in page.locator("#record").inner_text()


def test_airports_can_be_shown_as_small_charts(page, folder, report):
    opened(page, folder)
    page.get_by_role("button", name="Charts").click()
    assert page.locator("#fleet").is_hidden()
    cards = page.locator("#cards li")
    assert cards.count() == len(report.airports)
    assert cards.first.locator("path.seen").get_attribute("d").startswith("M")
    assert page.evaluate(CONTRAST) >= 4.5
    page.locator("#search").fill("JFK")
    cards.get_by_role("link", name="JFK", exact=True).click()
    page.locator("#content").wait_for()
    page.go_back()
    page.locator("#cards li").first.wait_for()
    assert page.locator("#cards li").count() == 1
    page.get_by_role("button", name="Table").click()
    assert names(page) == ["JFK"]


def test_what_became_of_earlier_forecasts_is_shown(page, folder, report):
    facts = report.airports[0]
    page.goto(f"{(folder / 'airport.html').as_uri()}#{airport_key(facts.airport)}")
    page.locator("#content").wait_for()
    newest = facts.outcomes[-1]
    cells = page.locator("#all-outcomes tbody tr").first.locator("th, td").all_inner_texts()
    mean = newest.forecasts[0].mean
    assert cells[:4] == ["December 2019", *map(figures.number, (newest.y, mean, 3))]
    assert cells[4] == f"{figures.signed(100 * (mean - newest.y) / newest.y)} %"
    assert cells[-1].startswith(facts.verdicts[-1].label)
    assert page.locator("#outcome-chart path.earlier").count() == 1


def test_a_miss_is_explained_by_its_parts_and_in_full(page, folder, report):
    airport, found = next(iter(report.explanations.items()))
    page.goto(f"{(folder / 'airport.html').as_uri()}#{airport_key(airport)}")
    page.locator("#content").wait_for()
    label = page.locator("#parts-chart svg").get_attribute("aria-label")
    for part in found.answer.parts:
        assert f"{words.part(part)} {figures.signed(part.value)}" in label
    page.get_by_role("link", name="Explained in full").click()
    page.get_by_text(found.answer.sentence).first.wait_for()
    other = next(f.airport for f in report.airports if f.airport not in report.explanations)
    page.goto(f"{(folder / 'airport.html').as_uri()}#{airport_key(other)}")
    page.locator("#content").wait_for()
    assert page.locator("#parts").is_hidden()


def test_markup_in_a_name_does_nothing_on_the_first_page(page, folder):
    opened(page, folder)
    assert page.evaluate("window.harm") is None
    assert page.get_by_role("link", name=MARKUP, exact=True).count() == 2  # misses and table


def test_an_airport_that_is_not_there_is_said_to_be(browser, folder):
    page = browser.new_page()
    for place in ("", "#nothing", f"#{'0' * 16}"):
        page.goto("about:blank")
        page.goto(f"{(folder / 'airport.html').as_uri()}{place}")
        page.get_by_text("There is no such airport in this report").wait_for()
        assert page.locator("#content").is_hidden()
    page.close()


def test_the_first_page_alone_says_where_the_rest_is(browser, folder, tmp_path):
    """As MLflow shows it, which knows none of the files beside it."""
    (tmp_path / "index.html").write_bytes((folder / "index.html").read_bytes())
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_text("download report/site.zip").wait_for()
    assert page.locator('a[href^="airport.html"], a[href^="explained/"]').count() == 0
    assert page.get_by_text("JFK").first.is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1400])
def test_it_can_be_read_at_any_width_and_in_any_light(page, folder, scheme, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for place in ("index.html", f"airport.html#{airport_key('JFK')}"):
        page.goto(f"{(folder / place.split('#')[0]).as_uri()}#{place.partition('#')[2]}")
        page.locator("#rows tr, #content").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) >= 4.5


def test_on_paper_it_is_dark_on_white_and_nothing_is_to_be_pressed(page, folder):
    opened(page, folder)
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(CONTRAST) >= 4.5
    assert page.locator("#tools").is_hidden()
    assert page.locator("#rows tr").count() == 6


def test_thousands_of_airports_are_drawn_a_page_at_a_time(page, large):
    opened(page, large)
    assert page.locator("#count").inner_text() == "5,000 airports"
    assert page.locator("#rows tr").count() == 50
    assert names(page)[0] == "A4999"
    page.locator("#next").click()
    assert names(page)[0] == "A4949"
    assert page.locator("#where").inner_text() == "Page 2 of 100"
    page.locator("#search").fill("a123")
    assert sorted(names(page)) == [f"A123{i}" for i in range(10)]
    assert page.locator("#pager").is_hidden()
    page.get_by_role("link", name="A1234").click()
    page.locator("#content").wait_for()
    assert page.locator("h1").inner_text() == "A1234"
    page.go_back()
    assert page.locator("#search").input_value() == "a123"


def test_numbers_are_written_as_everywhere(browser, folder):
    """The script writes numbers and periods exactly as `forecastctl.figures` does."""
    some = random.Random(1)  # noqa: S311
    values = [s * some.uniform(1, 10) * 10.0**e for e in range(-8, 17) for s in (1, -1)]
    values += [0.0, -0.0, 99.96, 100.4, 999.6, 0.8666, 12.0, 1e15, 999_999.0, -0.0004]
    shares = [*(v for v in values if abs(v) < 1e9), 0.001, 0.9999, 0.994, 1.0, 0.0004, -0.0004, 0.5]
    source = (files("forecastctl.report.page") / "templates" / "format.js").read_text()
    page = browser.new_page()
    asked = json.dumps([values, shares])
    found = page.evaluate(
        f"(() => {{ {source}; const [values, shares] = {asked};"
        "return { number: values.map(number), signed: values.map(signed),"
        "short: values.map((v) => short(v)), long: values.map((v) => short(v, 6)),"
        "percent: shares.map(percent),"
        "period: ['M', 'Q-DEC', 'W-SUN', 'D'].map((f) => period('2020-04-01', f)) }; })()"
    )
    assert found["number"] == list(map(figures.number, values))
    assert found["signed"] == list(map(figures.signed, values))
    assert found["short"] == list(map(figures.short, values))
    assert found["long"] == [figures.short(v, 6) for v in values]
    assert found["percent"] == list(map(figures.percent, shares))
    assert found["period"] == [
        figures.period("2020-04-01", f) for f in ("M", "Q-DEC", "W-SUN", "D")
    ]
    page.close()


def _outcome(day, y):
    return Outcome(day, y, (Earlier("2019-10-01", 1, 0.0, None),))


def test_series_that_are_odd_break_no_chart(browser, tmp_path):
    odd = (
        airport("none", y=(), mean=()),
        airport("one", y=(5.0,), mean=()),
        airport("zeros", y=(0.0,) * 24, mean=(0.0, 0.0, 0.0)),
        airport("no history", y=(), mean=(1.0, 2.0, 3.0)),
        airport("nan", y=(*range(20), math.nan, 3, 4, 5)),
        AirportFacts("hole", "ok", history=Line(("2019-01-01", "2019-06-01"), (1.0, 2.0))),
        replace(airport("once"), outcomes=(_outcome("2019-12-01", 24.0),)),
        replace(
            airport("nothing"), outcomes=(_outcome("2019-11-01", 0.0), _outcome("2019-12-01", 0.0))
        ),
    )
    write_folder(dict(site_files(Report(job(), odd))), tmp_path)
    page = browser.new_page()
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    opened(page, tmp_path)
    for facts in odd:
        page.goto(f"{(tmp_path / 'airport.html').as_uri()}#{airport_key(facts.airport)}")
        page.locator("#content").wait_for()
        page.get_by_role("heading", name=facts.airport, exact=True).wait_for()
        assert "NaN" not in page.locator("main").inner_html()
    assert said == []
    page.close()
