"""Registered models in MLflow's own registry, which lies in the same store as the runs.

Through MLflow's client: these are a few calls when a job has ended or somebody promotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.records import ModelVersion
from forecastctl.store.mlflow.address import resolve
from forecastctl.store.mlflow.calls import calling
from forecastctl.store.mlflow.experiment import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = 1000
_EXISTS = "RESOURCE_ALREADY_EXISTS"
_REFUSED = ("/", ":")
"""MLflow takes no such character in the name of a model, which is part of an address."""


class MlflowModels:
    """Registered models of an MLflow store: SQLite, PostgreSQL or a server.

    Args:
        uri: Address of the store; that of the environment does not matter.

    Raises:
        UsageError: No store has such an address.
        TrackingError: The store cannot be reached.
    """

    def __init__(self, uri: str) -> None:
        address = resolve(uri)
        self._uri = address.uri
        probe(address)
        with calling(self._uri, "open", impatient=True):
            from mlflow import MlflowClient

            self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    def register(
        self, name: str, run_id: str, folder: str, tags: Mapping[str, str], description: str
    ) -> ModelVersion:
        """Make a run's model the newest version."""
        check_model_name(name)
        for known in self.versions(name):
            if known.run_id == run_id:
                return known
        with calling(self._uri, f"register the model of run {run_id} in"):
            run = self._client.get_run(run_id)
            self._make(name)
            source, model = self._source(run, folder)
            made = self._client.create_model_version(
                name, source, run_id, tags=dict(tags), description=description, **model
            )
        return _version(made, {})

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions, newest first."""
        check_model_name(name)
        found: list[Any] = []
        token: str | None = None
        try:
            with calling(self._uri, "read a registered model from"):
                aliases = self._client.get_registered_model(name).aliases
                while True:
                    page = self._client.search_model_versions(
                        f"name = {_quoted(name)}", _PAGE, page_token=token
                    )
                    found += page
                    token = page.token
                    if not token:
                        break
        except NothingRecordedError:
            return []
        return sorted((_version(v, aliases) for v in found), key=lambda v: -v.version)

    def set_alias(self, name: str, alias: str, version: int | None) -> None:
        """Let an alias stand for a version, or for none."""
        with calling(self._uri, f"set an alias of the model {name!r} in"):
            if version is None:
                self._client.delete_registered_model_alias(name, alias)
            else:
                self._client.set_registered_model_alias(name, alias, str(version))

    def tag(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """Add labels to a version."""
        with calling(self._uri, f"label a version of the model {name!r} in"):
            for key, value in tags.items():
                self._client.set_model_version_tag(name, str(version), key, value)

    def _make(self, name: str) -> None:
        """Make a registered model, unless it is there."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != _EXISTS:
                raise

    def _source(self, run: Any, folder: str) -> tuple[str, dict[str, Any]]:
        """Where the files of a run's model are: among MLflow's models, where it lists the run's.

        MLflow looks an address such as ``models:/ID`` up in the store of the environment, which may
        be another one. So it is looked up here.
        """
        outputs = getattr(run, "outputs", None)  # since MLflow 3
        listed = outputs.model_outputs if outputs else ()
        if listed:
            model = self._client.get_logged_model(listed[0].model_id)
            return model.artifact_location, {"model_id": model.model_id}
        return f"{run.info.artifact_uri.rstrip('/')}/{folder}", {}


def check_model_name(name: str) -> None:
    """Refuse a name that MLflow does not take for a model.

    Raises:
        UsageError: It does not.
    """
    if not name.strip() or any(part in name for part in _REFUSED) or {"'", '"'} <= {*name}:
        raise UsageError(
            f"MLflow takes no model of the name {name!r}: it may hold neither '/' nor ':', "
            "nor both kinds of quotation marks.",
            "Give another with --registered-as NAME.",
        )


def _quoted(name: str) -> str:
    """A name in a filter, where MLflow knows no way to escape a quotation mark."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def _version(found: Any, aliases: Mapping[str, Any]) -> ModelVersion:
    """A version as MLflow gives it; a search gives no aliases, which the model has."""
    version = int(found.version)
    return ModelVersion(
        found.name,
        version,
        found.run_id or "",
        int(found.creation_timestamp),
        dict(found.tags),
        tuple(sorted(alias for alias, of in aliases.items() if int(of) == version)),
        found.description or "",
    )
