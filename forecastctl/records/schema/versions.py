"""Labels and aliases of the versions of a registered model."""

from __future__ import annotations

from typing import Final

from forecastctl.records.schema.keys import Key

CHAMPION: Final = "champion"
"""Alias of the version that answers."""

CHALLENGER: Final = "challenger"
"""Alias of the newest version, until it is promoted."""


class VersionTag(Key):
    """Labels of a version of the fleet's model, in MLflow's registry."""

    JOB_ID = "job_id", (), "the job that trained it"
    CUTOFF = "cutoff", (), "first day of the newest period that any of its airports has seen"
    AIRPORTS = "airports", (), "number of airports that it answers"
    DECISION = "decision", (), "what `promote` decided last: as `status` of a promotion run"
    DECIDED_BY = "decided_by", (), "the promotion run that holds the evidence"
    REPLACED = "replaced", (), "the version in whose place it answered: rollback returns to it"
