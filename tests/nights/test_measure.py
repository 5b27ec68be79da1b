"""Shares that are run to be measured: every step is seen, and small jobs predict a larger one."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from nights.check import checked
from nights.measure import Asked, facts_of


@pytest.mark.slow
def test_facts_of_real_shares_and_a_real_job_beside_its_simulation():
    asked = Asked(9, planned=50, months=48, evals=2, store="sqlite")
    facts = facts_of(asked)
    assert len(facts.models) == 3 + 9
    assert min(facts.models) > 0
    for cost in (facts.reading, facts.planning, facts.publishing, facts.looking, facts.closing):
        assert cost.fixed + cost.whole + cost.mine + cost.recorded > 0
    assert facts.starting > 0
    assert facts.stored.rows > 50
    assert 0 < facts.stored.parquet_bytes < facts.stored.trial_bytes < facts.stored.file_bytes
    assert facts.said["layout"] == "flat"
    found = checked(facts, asked, 12, cores=2)
    assert 0 <= found["others"] < 1
    for name, (said, done) in found["rows"].items():
        assert said > 0, name
        assert done > 0, name
    said, done = found["rows"]["rows"]
    assert said == pytest.approx(done, rel=0.2)
