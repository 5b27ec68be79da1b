"""A CronJob for Kubernetes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from forecastctl.errors import EXIT_AIRPORTS_FAILED, DataError, UsageError
from forecastctl.schedule.job import NAME, secrets_note

if TYPE_CHECKING:
    from forecastctl.schedule.job import ScheduledJob

SPOOL = "FORECASTCTL_TRACKING__SPOOL"
STOP_SECONDS = 120
AGAIN = 2
"""Times that a pod which was lost is started again; the job goes on where it was cut off."""


def manifest(job: ScheduledJob) -> str:
    """The manifest, in YAML.

    The claim holds the working directory under the path that it has here, with the settings, the
    data and, where it is a file, the store. Exit codes that a second try would not change end the
    job.
    """
    useless = ", ".join(
        str(code) for code in (UsageError.exit_code, DataError.exit_code, EXIT_AIRPORTS_FAILED)
    )
    notes = "".join(f"# {note}\n" for note in secrets_note(job))
    command = ["forecastctl", *job.arguments]
    return f"""\
# kubectl apply -f FILE. The claim {NAME} holds {job.directory}.
{notes}apiVersion: batch/v1
kind: CronJob
metadata:
  name: {NAME}
spec:
  schedule: {_text(job.times.expression)}
  timeZone: {_text(job.zone)}
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 7
  jobTemplate:
    spec:
      backoffLimit: {AGAIN}
      podFailurePolicy:
        rules:
          - action: FailJob
            onExitCodes: {{operator: In, values: [{useless}]}}
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: {STOP_SECONDS}
          containers:
            - name: {NAME}
              image: {_text(job.image)}
              command: {json.dumps([_unexpanded(word) for word in command])}
              workingDir: {_text(job.directory)}
              env:{_env(job)}
              volumeMounts:
                - {{name: work, mountPath: {_text(job.directory)}}}
                - {{name: shared-memory, mountPath: /dev/shm}}
          volumes:
            - name: work
              persistentVolumeClaim: {{claimName: {NAME}}}
            # Workers are given their data there; without it a container has 64 MiB.
            - name: shared-memory
              emptyDir: {{medium: Memory, sizeLimit: 1Gi}}
"""


def _env(job: ScheduledJob) -> str:
    """Variables; each worker is one thread, however many cores the machine has.

    What waits while the store is away lies in the claim, because a pod's own files end with it.
    """
    named = {n: v for n, v in job.environment.items() if n != "PYTHONPATH"}  # the image's own
    given = {"OMP_NUM_THREADS": "1", SPOOL: f"{job.directory}/spool", **named}
    lines = (f"{{name: {_text(n)}, value: {_text(_unexpanded(v))}}}" for n, v in given.items())
    return "".join(f"\n                - {line}" for line in lines)


def _text(value: str) -> str:
    """A string of YAML, of which those of JSON are."""
    return json.dumps(value)


def _unexpanded(value: str) -> str:
    """Kubernetes replaces ``$(NAME)``."""
    return value.replace("$", "$$")
