"""Run by the Python of another MLflow: make a store with a run, add one, or print what is there.

Usage: old_client.py URI make|add|show ARTIFACTS
"""

import json
import logging
import sys

logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402


def main(uri, act, artifacts):
    """Print the version, and every run with what it holds."""
    client = MlflowClient(uri)
    if act == "make":
        client.create_experiment("theirs", artifacts)
    if act in ("make", "add"):
        theirs = client.get_experiment_by_name("theirs").experiment_id
        run = client.create_run(theirs, tags={"who": "them"}).info.run_id
        client.log_param(run, "p", act)
        client.log_metric(run, "m", 0.5, step=1)
        client.set_terminated(run)
    experiments = {e.experiment_id: e.name for e in client.search_experiments()}
    runs = client.search_runs(list(experiments), max_results=1000)
    found = [
        {
            "experiment": experiments[run.info.experiment_id],
            "name": run.info.run_name,
            "status": run.info.status,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "kind": run.data.tags.get("kind"),
            "dataset": [i.dataset.digest for i in run.inputs.dataset_inputs] if run.inputs else [],
        }
        for run in runs
    ]
    sys.stdout.write(json.dumps({"version": mlflow.__version__, "runs": found}))


main(*sys.argv[1:4])
