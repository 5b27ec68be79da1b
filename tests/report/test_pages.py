"""The files of a report: whole, self-contained, safe against names, and true to what is known."""

import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from forecastctl.recording.context import airport_key
from forecastctl.report.outcomes import GroupScore
from forecastctl.report.page.data import FLEET_COLUMNS, airport_path
from forecastctl.report.page.sections import GROUPS_SHOWN
from forecastctl.report.page.site import SCRIPTS, site_files
from tests.explain.page.test_page import Page
from tests.report.conftest import MARKUP, NAMES, PATH

PAGES = ("index.html", "airport.html")


@pytest.fixture(scope="module")
def site(report):
    return dict(site_files(report))


def value_of(script):
    """The value that a data file hands to its page."""
    name, text = re.fullmatch(r"forecastctl\.(\w+)\((.*)\);\n", script.decode("ascii")).groups()
    return name, json.loads(text)


def rows_of(site):
    name, fleet = value_of(site["data/fleet.js"])
    assert name == "fleet"
    return {row[0]: dict(zip(fleet["columns"], row, strict=True)) for row in fleet["rows"]}


def test_there_is_a_file_for_each_airport_whatever_its_name(site, report):
    airports = {f"data/airports/{airport_key(facts.airport)}.js" for facts in report.airports}
    explained = {f"explained/{airport_key(airport)}.html" for airport in report.explanations}
    assert len(explained) == 2
    assert set(site) == {"index.html", "airport.html", "data/fleet.js", *airports, *explained}
    assert list(site)[-1] == "index.html"
    assert all(re.fullmatch(r"[a-z0-9/]+\.(html|js)", path) for path in site)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_loads_nothing_from_elsewhere(site, name):
    page = Page(site[name].decode())
    assert ("html", {"lang": "en"}) in page.tags
    assert len("".join(page.text["title"])) > 8
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids)) > 10
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "img")
        assert "src" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
        href = attributes.get("href", "#")
        assert href.startswith(("#", "airport.html#", "index.html", "explained/")), href
        assert "#" in href or href in site
    labelled = {a[key] for _, a in page.tags for key in ("aria-labelledby",) if key in a}
    assert labelled <= set(ids)
    places = {a["href"][1:] for _, a in page.tags if a.get("href", "").startswith("#")}
    assert places <= set(ids)
    assert not re.search(rb"@import|url\(|https?://(?!www\.w3\.org)", site[name])


@pytest.mark.parametrize("name", PAGES)
def test_only_the_script_of_the_page_may_run(site, name):
    import base64
    import hashlib

    text = site[name].decode()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [a["content"] for t, a in Page(text).tags if a.get("http-equiv")]
    assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_names_stay_text(site):
    index = site["index.html"].decode()
    assert index.count("<script") == 1
    assert {*NAMES} <= {*Page(index).text["a"]}
    for path, content in site.items():
        if path.startswith("data/"):
            assert b"<" not in content
            assert content.isascii()
            assert content.count(b"\n") == 1
    assert airport_path(PATH) == f"data/airports/{airport_key(PATH)}.js"


def test_the_fleet_has_the_values_of_its_airports(site, report):
    rows = rows_of(site)
    assert list(rows) == [facts.airport for facts in report.airports]
    for facts in report.airports:
        row = rows[facts.airport]
        assert tuple(row) == FLEET_COLUMNS
        assert (row["status"], row["model"]) == (facts.status, facts.model)
        assert row["key"] == airport_key(facts.airport)
        if facts.fan:
            assert row["next"] == pytest.approx(facts.fan.mean[0], rel=1e-8)
            low, high = facts.fan.bands[95]
            assert row["next_lo"] == pytest.approx(low[0], rel=1e-8)
            assert row["next_hi"] == pytest.approx(high[0], rel=1e-8)
            assert row["last"] == facts.history.y[-1]
    assert rows["ZERO"]["next"] is None
    assert rows["JFK"]["miss_percent"] == pytest.approx(report.airports[0].miss.miss_percent)


def test_an_airport_has_all_of_its_forecast(site, report):
    facts = report.airports[1]
    name, value = value_of(site[airport_path(MARKUP)])
    assert (name, value["airport"]) == ("airport", MARKUP)
    assert value["fan"]["ds"] == list(facts.fan.ds)
    assert value["fan"]["mean"] == pytest.approx(facts.fan.mean, rel=1e-8)
    assert [band[0] for band in value["fan"]["bands"]] == [95, 80]
    assert len(value["trials"]) == len(facts.search.trials)
    assert value["miss"]["sentence"] == facts.miss.sentence
    explain = value["commands"][0][1]
    assert explain.startswith("forecastctl explain --airport '</script>")
    assert explain.endswith("--date 2019-12-01")


def test_the_first_page_says_what_explain_and_the_monitor_would(site, report):
    text = site["index.html"].decode()
    page = Page(text)
    assert "".join(page.text["h1"]) == "5 airports forecast, January 2020 to March 2020"
    assert report.misses.sentence in "".join(page.text["p"])
    lead = [row for row in page.cells if row[:1] == ["1"]]
    assert lead[0][1] == f"{report.leads[0].n:,}"
    assert "1 airport added" in text
    assert "1 airport gone" in text
    assert "<b>5</b>" in text


def test_a_miss_that_is_explained_leads_to_its_page_with_its_parts(site, report):
    index = Page(site["index.html"].decode())
    links = {a["href"] for t, a in index.tags if t == "a" and a["href"].startswith("explained/")}
    for airport, found in report.explanations.items():
        value = value_of(site[airport_path(airport)])[1]["miss"]
        assert value["page"] in links
        assert [part[1] for part in value["parts"]] == pytest.approx(
            [part.value for part in found.answer.parts], rel=1e-8
        )
        page = Page(site[value["page"]].decode())
        assert found.answer.sentence in "".join("".join(texts) for texts in page.text.values())
    others = [facts for facts in report.airports if facts.airport not in report.explanations]
    for facts in others:
        miss = value_of(site[airport_path(facts.airport)])[1]["miss"]
        assert miss is None or (miss["page"], miss["parts"]) == (None, [])


def test_groups_have_a_table_of_their_own(report):
    lead = report.leads[0]
    measures = (lead.mae, lead.ratio, lead.bias_percent, lead.coverage80, lead.coverage95)
    scores = tuple(GroupScore("Region", f"R{i}", 3, 9, *measures) for i in range(GROUPS_SHOWN + 5))
    page = Page(dict(site_files(replace(report, groups=scores)))["index.html"].decode())
    assert "By Region" in "".join(page.text["h3"])
    assert sum(row[0].startswith("R") for row in page.cells if len(row) == 8) == GROUPS_SHOWN
    assert "5 groups with smaller errors are not shown" in "".join(page.text["p"])


def test_equal_reports_are_equal_bytes(report, site):
    assert dict(site_files(report)) == site


def test_the_package_holds_the_files_of_the_pages():
    folder = files("forecastctl.report.page") / "templates"
    names = {"index.html", "airport.html", "report.css", *(s for p in SCRIPTS.values() for s in p)}
    assert names == {found.name for found in folder.iterdir()}


def test_a_job_without_forecasts_has_a_report(harness):
    from forecastctl.report.read.report import Asked, read_report

    harness.run("tune")
    site = dict(site_files(read_report(harness.tracker, Asked())))
    page = Page(site["index.html"].decode())
    assert "".join(page.text["h1"]) == "4 airports, none of them forecast"
    assert {row["next"] for row in rows_of(site).values()} == {None}


def test_a_report_of_nothing_but_airports_that_failed(harness):
    from dataclasses import replace

    from forecastctl.report.read.report import Asked, read_report

    harness.run()
    report = read_report(harness.tracker, Asked())
    bare = [
        replace(facts, fan=None, search=None, loss=None, model=None) for facts in report.airports
    ]
    site = dict(site_files(replace(report, airports=tuple(bare), misses=None, leads=())))
    assert rows_of(site)["JFK"]["loss"] is None
