"""A CronJob for Kubernetes 1.29 or newer."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from forecastctl.errors import EXIT_AIRPORTS_FAILED, EXIT_STOPPED, DataError, UsageError
from forecastctl.schedule.job import NAME

if TYPE_CHECKING:
    from forecastctl.schedule.job import ScheduledJob

SPOOL = "FORECASTCTL_TRACKING__SPOOL"
AGAIN = 2
"""Times that a pod which was lost is started again; the job goes on where it was cut off."""
DAY = 86_400
TO_START = 600
"""Seconds that a pod may need for its image and its volumes before the job starts."""
TO_FINISH = 120
"""Seconds in which a job finishes at its deadline what it has found."""
OF_THIS_MACHINE = ("PYTHONPATH", "XDG_STATE_HOME")
USEFUL_NEVER = (UsageError.exit_code, DataError.exit_code, EXIT_AIRPORTS_FAILED, EXIT_STOPPED)
"""Exit codes that a second try would not change, or, after its deadline, should not."""


def manifest(job: ScheduledJob) -> str:
    """The manifest, in YAML.

    The claim holds the working directory under the path that it has here, with the settings, the
    data, the spool and, where it is a file, the store. The pod satisfies the standard "restricted"
    of Kubernetes.

    Raises:
        UsageError: The claim cannot be mounted there, or does not reach the settings.
    """
    _check_reach(job)
    useless = ", ".join(str(code) for code in USEFUL_NEVER)
    command = ["forecastctl", *job.arguments]
    return f"""\
# kubectl apply -f FILE. The claim {NAME} holds {job.directory}.
{_mount_note(job)}{_secret_note(job)}apiVersion: batch/v1
kind: CronJob
metadata:
  name: {NAME}
  labels: {{app.kubernetes.io/name: {NAME}}}
spec:
  schedule: {_text(job.times.expression)}
  timeZone: {_text(job.zone)}
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 7
  jobTemplate:
    spec:
      # What hangs is ended, so that the next start is not left out because of it.
      activeDeadlineSeconds: {_longest_seconds(job)}
      backoffLimit: {AGAIN}
      podFailurePolicy:
        rules:
          # The machine was taken away: that is no failure of the job.
          - action: Ignore
            onPodConditions: [{{type: DisruptionTarget, status: "True"}}]
          - action: FailJob
            onExitCodes: {{operator: In, values: [{useless}]}}
      template:
        metadata:
          labels: {{app.kubernetes.io/name: {NAME}}}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: {job.stop_seconds}
          automountServiceAccountToken: false
          # A service called {NAME} would set variables that look like settings.
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            runAsGroup: 1000
            fsGroup: 1000
            fsGroupChangePolicy: OnRootMismatch
            seccompProfile: {{type: RuntimeDefault}}
          containers:
            - name: {NAME}
              image: {_text(job.image)}
              command: {json.dumps([_unexpanded(word) for word in command])}
              workingDir: {_text(job.directory)}
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {{drop: [ALL]}}
              # As many workers as the limit of processors, each with about 400 MiB.
              resources:
                requests: {{cpu: "2", memory: 2Gi}}
                limits: {{cpu: "2", memory: 3Gi}}
              env:{_env(job)}
              volumeMounts:
                - {{name: work, mountPath: {_text(job.directory)}}}
                - {{name: temporary, mountPath: /tmp}}
                - {{name: shared-memory, mountPath: /dev/shm}}
          volumes:
            - name: work
              persistentVolumeClaim: {{claimName: {NAME}}}
            - name: temporary
              emptyDir: {{sizeLimit: 2Gi}}
            # Workers are given their data there; without it a container has 64 MiB. It counts as
            # memory of the container.
            - name: shared-memory
              emptyDir: {{medium: Memory, sizeLimit: 1Gi}}
"""


def _check_reach(job: ScheduledJob) -> None:
    if ":" in job.directory:
        raise UsageError(
            f"Kubernetes mounts nothing at a path with a colon: {job.directory}.", "Rename it."
        )
    for flag, file in zip(job.arguments, job.arguments[1:], strict=False):
        if flag == "--config" and not _is_in(job, file):
            raise UsageError(
                f"The claim holds {job.directory}, and the settings lie elsewhere: {file}.",
                "Start the command in the directory that holds the settings and the data.",
            )


def _is_in(job: ScheduledJob, path: str) -> bool:
    return PurePosixPath(path).is_relative_to(job.directory)


def not_held(job: ScheduledJob) -> dict[str, str]:
    """Files and folders that the claim does not hold and the pod will not find, by the setting.

    The spool is not among them: where it lies elsewhere, it is moved into the claim.
    """
    return {
        name: path
        for name, path in job.files.items()
        if name != "tracking.spool" and not _is_in(job, path)
    }


def _mount_note(job: ScheduledJob) -> str:
    return "".join(
        f"# {name}, {path}, lies outside of the claim: mount it there as well.\n"
        for name, path in not_held(job).items()
    )


def _longest_seconds(job: ScheduledJob) -> int:
    """How long all pods of one start may take together."""
    if job.deadline is None:
        return DAY
    end = job.times.longest_until(job.deadline)
    return TO_START + end + TO_FINISH + job.stop_seconds


def _secret_note(job: ScheduledJob) -> str:
    if not job.missing:
        return ""
    names = ", ".join(job.missing)
    return (
        f"# The secret {NAME} has to hold {names}, one NAME=VALUE a line:\n"
        f"# kubectl create secret generic {NAME} --from-env-file=FILE\n"
    )


def _env(job: ScheduledJob) -> str:
    """Variables; each worker is one thread, however many cores the machine has.

    What waits while the store is away lies in the claim, because a pod's own files end with it.
    """
    given = {n: v for n, v in job.environment.items() if n not in OF_THIS_MACHINE}
    spool = given.get(SPOOL, "")
    if spool != "off" and not _is_in(job, spool):
        given[SPOOL] = f"{job.directory}/spool"
    # The user has no home in the image.
    given = {"HOME": "/tmp", "OMP_NUM_THREADS": "1", **given}  # noqa: S108 - the pod's own
    lines = [f"{{name: {_text(n)}, value: {_text(_unexpanded(v))}}}" for n, v in given.items()]
    for name in (n for n in job.missing if n not in OF_THIS_MACHINE):
        key = f"{{secretKeyRef: {{name: {NAME}, key: {_text(name)}}}}}"
        lines.append(f"{{name: {_text(name)}, valueFrom: {key}}}")
    return "".join(f"\n                - {line}" for line in lines)


def _text(value: str) -> str:
    """A string of YAML, of which those of JSON are."""
    return json.dumps(value)


def _unexpanded(value: str) -> str:
    """Kubernetes replaces ``$(NAME)``."""
    return value.replace("$", "$$")
