"""The screen of an explanation: on a terminal of any width, and in a pipe."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from forecastctl.cli.output import render
from forecastctl.cli.output.explanation import print_explanation
from forecastctl.explain.values import ChangePart, Gap, Part, VintageChange
from tests.explain.page.cases import HOSTILE, make_cases

CASES = make_cases()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    def show(answer, width):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm")
        print_explanation(answer)
        return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()

    return show


@pytest.mark.parametrize("name", CASES)
def test_every_verdict_fits_in_one_screen(screen, name):
    lines = screen(CASES[name][0], 100)
    assert lines[0] == CASES[name][0].sentence
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", CASES)
def test_a_narrow_terminal_folds_and_loses_nothing(screen, name):
    lines = screen(CASES[name][0], 40)
    assert max(map(len, lines)) <= 40
    wide = " ".join(screen(CASES[name][0], 1000)).split()
    narrow = "".join("".join(lines).split())
    assert narrow == "".join(wide)


@pytest.mark.parametrize("name", CASES)
def test_a_pipe_gets_plain_uncut_lines(capsys, name):
    answer, _ = CASES[name]
    print_explanation(answer)
    out = capsys.readouterr().out
    assert out.splitlines()[0] == answer.sentence
    assert "\x1b" not in out
    for evidence in answer.evidence:
        assert evidence.statement in out
    for part in answer.parts:
        if part.value:
            assert part.evidence in out
    for vintage in answer.vintages[:4]:
        assert vintage.run_id in out


def test_the_order_is_verdict_miss_why_parts(capsys):
    print_explanation(CASES["system_shock"][0])
    out = capsys.readouterr().out
    heads = ["System-wide shock, high confidence, 97 %", "Miss", "Why", "Parts of the miss"]
    heads += ["Around it", "Other models", "Stored forecasts", "Where it comes from"]
    places = [out.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    assert "410 of 411 other airports (99.8 %) lay outside" in out


def test_there_are_no_inner_names_and_no_bare_thresholds_on_the_screen(capsys):
    for answer, _ in CASES.values():
        print_explanation(answer)
    out = capsys.readouterr().out
    for inner in ("median z", "rule ", "bit-identical", "0.0667", "standard deviations, larger"):
        assert inner not in out
    assert "made again from what is stored, the forecast is exactly the same" in out


def test_what_rounding_leaves_is_not_listed_and_parts_have_no_more_decimals_than_the_whole(capsys):
    case = CASES["expected_noise"][0]
    change = VintageChange("2019-01-01", "2019-02-01", 1200.0, (), (
        ChangePart("data", 1199.4), ChangePart("model", 0.6), ChangePart("code", -4.66e-10)))  # fmt: skip
    parts = (Part("level", -1898.9, "e"), Part("trend", -0.967, "f"), Part("season", 0.2, "g"))
    print_explanation(replace(case, miss=-1899.7, parts=parts, vintage_change=change))
    out = capsys.readouterr().out
    assert ": data +1,199, model +1\n" in out
    parts = out[out.index("Parts of the miss") : out.index("Around it")]
    assert [line.split() for line in parts.splitlines()[1:]] == [
        ["level", "-1,899", "over", "99.9", "%", "e"],
        ["trend", "-1", "0.1", "%", "f"],
    ]


def test_members_have_shares_where_they_differ_and_a_fallback_says_first_why(capsys):
    answer = CASES["expected_noise"][0]
    models = [replace(answer.model.members[0], label=f"M{i}", weight=1 / 15) for i in range(15)]
    lineage = replace(answer.lineage, status="ok-with-fallback", reason="too few observations")
    for members, said in (
        (models, "equal mean of 15: M0 (trial"),
        ([replace(models[0], weight=0.75), replace(models[1], weight=0.25)], " 75 %, M1 (trial"),
    ):
        model = replace(answer.model, members=tuple(members))
        print_explanation(replace(answer, model=model, lineage=lineage))
        out = capsys.readouterr().out
        assert said in out
        assert "0.0667" not in out
        assert out.index("too few observations") < out.index("M0 (trial")


def test_control_characters_of_a_name_are_shown_not_sent(capsys):
    answer, _ = CASES["cannot_tell"]
    print_explanation(replace(answer, sentence="JFK\x1b[31m\nred"))
    assert "\x1b[31m" not in capsys.readouterr().out
    print_explanation(answer)
    assert HOSTILE in capsys.readouterr().out


def test_quick_and_failed_explanations_have_no_empty_sections(capsys):
    for name in ("quick", "run_failure", "no_actual"):
        print_explanation(replace(CASES[name][0], replay=None, rules=None, vintages=()))
        assert "None" not in capsys.readouterr().out


def test_importing_it_is_light():
    code = (
        "import sys, forecastctl.cli.output.explanation, forecastctl.viz\n"
        "print(sorted({'matplotlib', 'jinja2', 'pandas', 'scipy', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (-0.867, "-0.867"),
        (999.97, "1,000"),
        (999.4, "999.4"),
        (-2_514_003.4, "-2,514,003"),
        (float("nan"), "-"),
        (0.00012345, "0.0001234"),
    ],
)
def test_a_cell_writes_tiny_and_round_numbers_plainly(value, text):
    assert render.cell(value) == text


def test_tiny_numbers_and_gaps_are_plain_on_the_screen(capsys):
    gap = Gap("2020-06-01", 12.5, "new.csv")
    print_explanation(replace(CASES["no_actual"][0], verdict="cannot_tell", gap=gap))
    out = capsys.readouterr().out
    assert "Missing in the data" in out
    assert "known yet" not in out
    tiny = {"actual": 1.2, "miss": -0.867, "parts": (Part("one_off", -0.867, "e"),)}
    print_explanation(replace(CASES["expected_noise"][0], **tiny))
    assert "one-off  -0.867  100 %  e" in capsys.readouterr().out


def test_a_miss_of_zero_is_not_so_many_times_of_anything(capsys):
    answer, _ = CASES["expected_noise"]
    print_explanation(replace(answer, actual=answer.forecast.mean, miss=0.0, miss_percent=0.0))
    out = capsys.readouterr().out
    (miss,) = (line.split() for line in out.splitlines() if line.startswith("  miss "))
    assert miss == ["miss", "0", "met", "exactly"]
    assert "Met exactly" in out
