"""The tracker for an address, by its scheme: MLflow's stores, and those that other packages add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.errors import UsageError
from forecastctl.registry import STORES
from forecastctl.store.mlflow.open import open_tracker as open_mlflow
from forecastctl.store.port import Tracker

if TYPE_CHECKING:
    from forecastctl.store.mlflow.open import Writer
    from forecastctl.store.patience import Patience
    from forecastctl.store.port import Models


def open_tracker(
    uri: str,
    experiment: str,
    *,
    artifact_location: str | None = None,
    writer: Writer = "auto",
    reading: bool = False,
    upgrade_store: bool = False,
    patience: Patience | None = None,
) -> Tracker:
    """Open a store and an experiment in it; both are made if they are missing, unless to be read.

    Args:
        uri: Address of the store.
        experiment: Name of the experiment.
        artifact_location: Where a new experiment keeps its artifacts.
        writer: Which of the writers for MLflow's stores is taken.
        reading: Whether to make nothing.
        upgrade_store: Whether a store of an older MLflow is migrated.
        patience: How long one of MLflow's stores may be away.

    Raises:
        UsageError: No store has such an address.
        SettingsError: It is another package's, which is broken.
        NothingRecordedError: Store or experiment is missing, and is to be read.
        TrackingError: The store cannot be reached, made or used.
    """
    options: dict[str, Any] = {"artifact_location": artifact_location, "reading": reading}
    scheme = uri.strip().partition("://")[0].lower()
    if "://" in uri and scheme not in STORES.own and STORES.knows(scheme):
        tracker: Tracker = STORES.make(scheme, Tracker, uri.strip(), experiment, **options)
        return tracker
    return open_mlflow(
        uri, experiment, writer=writer, upgrade_store=upgrade_store, patience=patience, **options
    )


def open_models(uri: str) -> Models:
    """Open the registered models of a store.

    Args:
        uri: Address of the store.

    Raises:
        UsageError: No store has such an address, or it, another package's, registers no models.
        TrackingError: The store cannot be reached.
    """
    scheme = uri.strip().partition("://")[0].lower()
    if "://" in uri and scheme not in STORES.own and STORES.knows(scheme):
        raise UsageError(
            f"The store {scheme}:// registers no models.",
            "MLflow's stores do: sqlite:///FILE, postgresql://..., or a server's address.",
        )
    from forecastctl.store.mlflow.models import MlflowModels

    return MlflowModels(uri)
