"""The serve command: MLflow's own server over the model that is the champion."""

from __future__ import annotations

from forecastctl.api.registering import model_name
from forecastctl.cli import flags
from forecastctl.cli.commands.ui import MOST_PORTS
from forecastctl.cli.compose import open_session
from forecastctl.errors import UsageError


def serve(
    model: flags.asked.ServedModel = None,
    port: flags.asked.ServePort = 5001,
    host: flags.asked.ServeHost = "127.0.0.1",
    registered_as: flags.store.RegisteredAs = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    verbose: flags.output.Verbose = False,
) -> None:
    """Answer for any airport over HTTP, with MLflow's own server, until Ctrl-C."""
    from forecastctl.cli.output import render
    from forecastctl.records.schema import CHAMPION
    from forecastctl.store.mlflow.scoring import check_free, check_model, serve_model

    session = open_session(serve, locals())
    if not 1 <= port <= MOST_PORTS:
        raise UsageError(f"--port must be from 1 to {MOST_PORTS:,}, not {port}.")
    uri = session.settings.tracking.uri
    address = model or f"models:/{model_name(session.settings)}@{CHAMPION}"
    shown = check_model(uri, address)
    check_free(host, port)
    render.note(f"{shown} answers at http://{host}:{port}/invocations until Ctrl-C.")
    serve_model(uri, address, host, port)
