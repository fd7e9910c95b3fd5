"""Jobs that StartAsyncInvoke started: kept until the emulator is reset, read by Get and List.

No model works on them: a job ends when it has been asked for often enough.
"""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from outcrop.testing.json_values import JsonObject
from outcrop.testing.replies import AsyncOutcome

_ID_CHARACTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
_ACCOUNT = "123456789012"


@dataclass(frozen=True)
class AsyncJob:
    """One job.

    Attributes:
        number: its place in the order of starts.
        arn: its invocation ARN.
        model_arn: the model's.
        request: the body that started it.
        outcome: how it will end.
        submitted: when it was started, UTC.
        polls: how often it has been asked for.
        ended: when it ended; None while it runs.
    """

    number: int
    arn: str
    model_arn: str
    request: JsonObject
    outcome: AsyncOutcome
    submitted: datetime
    polls: int = 0
    ended: datetime | None = None

    @property
    def status(self) -> str:
        """`InProgress`, or how it ended."""
        return "InProgress" if self.ended is None else self.outcome.status


class AsyncJobs:
    """All jobs of one emulator. Called from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, AsyncJob] = {}

    def start(self, request: JsonObject, region: str, outcome: AsyncOutcome) -> AsyncJob | None:
        """Starts a job; the same client token and request give the same job again.

        Returns:
            The job, or None if the token was used for another request.
        """
        token = request.get("clientRequestToken")
        with self._lock:
            for job in self._jobs.values():
                if token is not None and job.request.get("clientRequestToken") == token:
                    return job if job.request == request else None
            job = _make(len(self._jobs), request, region, outcome)
            self._jobs[job.arn] = job
            return job

    def poll(self, arn: str) -> AsyncJob | None:
        """The job as it is now; asking brings it nearer to its end."""
        with self._lock:
            job = self._jobs.get(arn)
            if job is None or job.ended is not None:
                return job
            ended = _now() if job.polls >= job.outcome.polls else None
            self._jobs[arn] = replace(job, polls=job.polls + 1, ended=ended)
            return self._jobs[arn]

    def all(self) -> list[AsyncJob]:
        """Every job, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def clear(self) -> None:
        """Forgets every job."""
        with self._lock:
            self._jobs.clear()


def _make(number: int, request: JsonObject, region: str, outcome: AsyncOutcome) -> AsyncJob:
    job_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
    model_id = str(request.get("modelId"))
    is_arn = model_id.startswith("arn:")
    return AsyncJob(
        number=number,
        arn=f"arn:aws:bedrock:{region}:{_ACCOUNT}:async-invoke/{job_id}",
        model_arn=model_id if is_arn else f"arn:aws:bedrock:{region}::foundation-model/{model_id}",
        request=request,
        outcome=outcome,
        submitted=_now(),
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)


def job_json(job: AsyncJob) -> JsonObject:
    """A job as GetAsyncInvoke and ListAsyncInvokes spell it."""
    members: JsonObject = {
        "invocationArn": job.arn,
        "modelArn": job.model_arn,
        "clientRequestToken": job.request.get("clientRequestToken"),
        "status": job.status,
        "submitTime": _iso(job.submitted),
        "lastModifiedTime": _iso(job.ended or job.submitted),
        "outputDataConfig": job.request.get("outputDataConfig"),
    }
    if job.ended is not None:
        members["endTime"] = _iso(job.ended)
        if job.outcome.failure_message is not None:
            members["failureMessage"] = job.outcome.failure_message
    return {name: value for name, value in members.items() if value is not None}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
