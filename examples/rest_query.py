"""Ask a tracking server through MLflow's own REST API what ``forecastctl history`` would print.

Needs nothing but Python. Start a server on the store, then ask:

    mlflow server --backend-store-uri sqlite:///mlflow.db --port 5000
    python rest_query.py http://127.0.0.1:5000 airports --airport JFK

The rows are those of ``forecastctl history airports --airport JFK --json``, newest first.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

KINDS = {
    "jobs": "tags.kind = 'job'",
    "airports": "tags.kind = 'airport'",
    "models": "tags.kind = 'airport' AND tags.trained = 'true'",
    "trials": "tags.kind = 'trial'",  # nested layout; in the flat one they are trials.json
}


def call(server: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{server}/api/2.0/mlflow/{path}", data)  # noqa: S310 - the user's own server
    request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=60) as response:  # noqa: S310
        return json.load(response)


def experiment_id(server: str, name: str) -> str:
    """Id of the experiment with this name."""
    found = call(server, f"experiments/get-by-name?experiment_name={quote(name)}")
    return str(found["experiment"]["experiment_id"])


def search(server: str, experiment: str, predicates: list[str], limit: int) -> Iterator[Any]:
    """Runs that meet all predicates, newest first, page by page."""
    body = {
        "experiment_ids": [experiment],
        "filter": " AND ".join(predicates),
        "order_by": ["attributes.start_time DESC"],
    }
    while limit > 0:
        page = call(server, "runs/search", {**body, "max_results": min(limit, 1000)})
        runs = page.get("runs", [])
        yield from runs
        limit -= len(runs)
        if not runs or "next_page_token" not in page:
            return
        body["page_token"] = page["next_page_token"]


COUNTS = ("total", "ok", "without_suspects", "fallback", "failed", "rejected", "skipped")


def row(what: str, run: Any) -> dict[str, Any]:
    """The same facts as a row of ``forecastctl history``."""
    tags = {t["key"]: t["value"] for t in run["data"].get("tags", [])}
    metrics = {m["key"]: m["value"] for m in run["data"].get("metrics", [])}
    status = tags.get("status") or run["info"]["status"].lower()
    if what == "jobs":
        facts: dict[str, Any] = {k: tags.get(k) for k in ("job_id", "command", "layout")}
        facts["status"] = status
        for key in COUNTS:
            count = metrics.get(f"airports_{key}")
            facts[key] = None if count is None else int(count)
        facts["wall_seconds"] = metrics.get("wall_seconds")
        facts["panel_digest"] = tags.get("panel_digest")
    else:
        facts = {k: tags.get(k) for k in ("airport", "job_id")}
        if what == "trials":
            weight = tags.get("weight")
            facts |= {"trial": int(tags["trial"]), "start": tags.get("start")}
            facts["weight"] = None if weight is None else float(weight)
        facts |= {"status": status, "model": tags.get("model"), "loss": metrics.get("loss")}
        if what == "airports":
            facts["trials"] = tags.get("trials_by_origin")
            facts["retries"] = int(tags["retries"]) if "retries" in tags else None
        facts |= {"cutoff": tags.get("cutoff"), "reason": tags.get("reason")}
    started = datetime.fromtimestamp(run["info"]["start_time"] / 1000, UTC)
    facts["started"] = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**facts, "run_id": run["info"]["run_id"]}


def main() -> None:
    parser = argparse.ArgumentParser(description="forecastctl history over MLflow's REST API")
    parser.add_argument("server", help="such as http://127.0.0.1:5000")
    parser.add_argument("what", nargs="?", default="jobs", choices=KINDS)
    parser.add_argument("--experiment", default="forecastctl")
    parser.add_argument("--airport")
    parser.add_argument("--filter", help="MLflow's own predicates")
    parser.add_argument("--limit", type=int, default=20)
    options = parser.parse_args()
    server = options.server.rstrip("/")
    predicates = [KINDS[options.what]]
    if options.airport:
        # A name may hold any character, the filter language not: its digest stands in.
        key = hashlib.sha256(options.airport.encode()).hexdigest()[:16]
        predicates.append(f"tags.airport_key = '{key}'")
    if options.filter:
        predicates.append(options.filter)
    runs = search(server, experiment_id(server, options.experiment), predicates, options.limit)
    print(json.dumps([row(options.what, run) for run in runs], indent=2))


if __name__ == "__main__":
    main()
