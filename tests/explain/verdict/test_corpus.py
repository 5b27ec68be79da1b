"""The labelled cases: what is said of each, and how many are known to be wrong."""

import json
from collections import Counter

import numpy as np
import pytest

from tests.explain.verdict import stored
from tests.explain.verdict.__main__ import judged
from tests.explain.verdict.values import case_of, others

CORPUS = {entry["name"]: entry for entry in stored.read()}
MOST_WRONG = 1
"""It may fall, and never rise. A tenth in the newest month of the only airport is left open."""

FEWEST = 200


@pytest.mark.parametrize("name", list(CORPUS))
def test_what_is_said_of_a_labelled_case(name):
    """A case that is right must stay right; one that is known to be wrong must not change unseen.

    After a change that is meant: ``python -m tests.explain.verdict --judge``.
    """
    entry = CORPUS[name]
    now = judged(entry)
    before, after = entry["said"], now["said"]
    assert (after["verdict"], after["cause"]) == (before["verdict"], before["cause"])
    assert after["confidence"] == pytest.approx(before["confidence"], abs=0.03)
    assert now["known_wrong"] == entry["known_wrong"]


def test_no_more_are_wrong_than_there_were():
    wrong = [name for name, entry in CORPUS.items() if entry["known_wrong"]]
    assert len(wrong) <= MOST_WRONG, "\n".join(wrong)
    assert len(CORPUS) >= FEWEST


def test_every_verdict_is_asked_for():
    asked = Counter(entry["right"] for entry in CORPUS.values())
    least = {
        "expected_noise": 20,
        "data_problem": 60,
        "level_shift_before_cutoff": 10,
        "stale_model": 10,
        "run_failure": 10,
        "local_shock": 10,
        "system_shock": 10,
        "cannot_tell": 5,
    }
    assert {name: asked[name] >= n for name, n in least.items()} == dict.fromkeys(least, True)


def test_a_case_is_read_back_as_it_was_written():
    full = case_of(
        fleet=others(2, 1, 1),
        stands_out=-3.5,
        first_actual=7.0,
        failed_since="job 7 failed",
        fresh=case_of().known,
        champion=case_of().model.specification,
    )
    for value in [stored.case_to_dict(full), *(e["case"] for e in CORPUS.values())]:
        again = stored.case_to_dict(stored.case_from_dict(value))
        assert json.loads(json.dumps(again)) == json.loads(json.dumps(value))
    back = stored.case_from_dict(json.loads(json.dumps(stored.case_to_dict(full))))
    assert np.array_equal(back.known.y, full.known.y)
    assert np.array_equal(back.fresh.ds, full.fresh.ds)
    assert back.stated == full.stated
    assert (back.fleet, back.champion) == (full.fleet, full.champion)
    assert back.z == full.z
