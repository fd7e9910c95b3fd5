"""ListAsyncInvokes: jobs by status and time, newest first unless asked otherwise, page by page.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ListAsyncInvokes.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from outcrop.testing.async_jobs import AsyncJob, job_json
from outcrop.testing.errors import ServiceError, ValidationError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response
from outcrop.testing.json_values import JsonObject
from outcrop.testing.operations.operation import Operation, by_operation
from outcrop.testing.recording import RecordedRequest

_DEFAULT_PAGE = 100


def _check(request: RecordedRequest) -> ServiceError | None:
    try:
        _last_seen(request.query)
        int(request.query.get("maxResults", _DEFAULT_PAGE))
        _moment(request.query, "submitTimeAfter")
        _moment(request.query, "submitTimeBefore")
    except ValueError:
        return ValidationError("The request has an invalid nextToken, maxResults or time.")
    return None


def _respond(exchange: Exchange) -> Response:
    query = exchange.request.query
    found = [job for job in exchange.jobs.all() if _is_asked_for(job, query)]
    is_ascending = query.get("sortOrder") == "Ascending"
    found.sort(key=lambda job: job.number, reverse=not is_ascending)
    # The token is the last job seen, not a count: jobs that start between two pages shift nothing.
    last = _last_seen(query)
    if last is not None:
        found = [job for job in found if (job.number > last if is_ascending else job.number < last)]
    size = int(query.get("maxResults", _DEFAULT_PAGE))
    page = found[:size]
    members: JsonObject = {"asyncInvokeSummaries": [job_json(job) for job in page]}
    if len(found) > size:
        members["nextToken"] = base64.urlsafe_b64encode(str(page[-1].number).encode()).decode()
    return exchange.json_answer(members)


def _is_asked_for(job: AsyncJob, query: Mapping[str, str]) -> bool:
    after, before = _moment(query, "submitTimeAfter"), _moment(query, "submitTimeBefore")
    return (
        query.get("statusEquals", job.status) == job.status
        and (after is None or job.submitted > after)
        and (before is None or job.submitted < before)
    )


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    # fromisoformat reads "Z" from Python 3.11 on only.
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def _last_seen(query: Mapping[str, str]) -> int | None:
    token = query.get("nextToken")
    if token is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(token))
    except binascii.Error as error:
        raise ValueError("not a token of ours") from error


OPERATION = Operation("ListAsyncInvokes", "GET", "/async-invoke", _check, _respond, by_operation)
