"""Can the store be reached, read and written, and does its schema need anything?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.doctor.finding import Finding

if TYPE_CHECKING:
    from forecastctl.store.mlflow.condition import Condition


def check(condition: Condition) -> list[Finding]:
    """Judge the condition of a store."""
    if condition.missing:
        return [
            Finding(
                "store",
                "note",
                f"There is no store {condition.shown} yet.",
                "The first 'forecastctl run' makes it.",
            )
        ]
    if condition.error:
        return [Finding("store", "wrong", condition.error, condition.hint)]
    found = [Finding("store", "ok", f"{condition.shown} answers and can be read.")]
    if condition.revision is not None:
        found.append(_schema(condition))
    if condition.experiment_error:
        found.append(Finding("store", "note", condition.experiment_error, condition.hint))
    return found


def _schema(condition: Condition) -> Finding:
    """Whether it is written as it is, and if not, which MLflow it takes."""
    if condition.writer is None:
        return Finding("schema", "wrong", condition.refusal, condition.hint)
    if condition.writer == "client":
        return Finding(
            "schema",
            "note",
            f"It has {condition.schema}, which this version does not know: runs are recorded "
            "through MLflow's client, which is slower.",
            "Install a newer forecastctl.",
        )
    own = "the installed" if condition.is_own else "another than the installed"
    needs = "" if condition.is_own else "; it is written as it is, and needs no upgrade"
    return Finding(
        "schema",
        "ok",
        f"It has {condition.schema}, {own} MLflow ({condition.installed}){needs}.",
    )
