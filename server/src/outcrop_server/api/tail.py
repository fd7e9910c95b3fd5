"""`GET /api/traces/tail`: new and changed traces as server-sent events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from outcrop_server.api import render
from outcrop_server.api.dependencies import CallerOf, Finder, TailOf
from outcrop_server.api.problems import responses
from outcrop_server.model.changes import ChangePosition
from outcrop_server.query.scope import parsed
from outcrop_server.query.tail import Channel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from outcrop_server.model.rows import StoredTrace
    from outcrop_server.query.tail import TailEvent

router = APIRouter(tags=["traces"])

_EVENTS = "text/event-stream"
# How long a browser waits before it comes again: as long as a server needs to start.
_RETRY_MS = 2000
_ID = re.compile(r"([0-9a-f]{1,32})-(\d{1,18})")
_RESET = b'{"detail":"What changed since cannot be known: read the list again, and go on from here."}'

Experiments = Annotated[
    list[str] | None, Query(alias="experiment", description="Names or ids; all if left out.")
]
Filter = Annotated[str, Query(description="Which traces, in the filter language; all if left out.")]
LastEventId = Annotated[
    str | None, Header(description="The id of the last event that came: what changed since is sent first.")
]


@router.get(
    "/api/traces/tail",
    operation_id="tailTraces",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `ready`, `trace` (data: a TraceSummary) and `reset`, each with an id.",
            "content": {_EVENTS: {"schema": {"type": "string"}}},
        },
        **responses(400, 403, 503),
    },
)
def tail_traces(  # noqa: PLR0917 - FastAPI gives them by name
    caller: CallerOf,
    finder: Finder,
    tail: TailOf,
    experiment: Experiments = None,
    filter: Filter = "",  # noqa: A002 - the parameter's name, as in a search
    last_event_id: LastEventId = None,
) -> Response:
    """Each trace that is new or has changed, as the list shows it, for as long as the asker listens."""
    where, _ = parsed(filter)
    # One that does not exist yet may come to be.
    names = finder.names(experiment or ()) or tuple(experiment or ())
    tail.check_room()
    since = None if last_event_id is None else _position(last_event_id)
    events = tail.follow(Channel(where, names, caller.experiments), since)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_written(events), media_type=_EVENTS, headers=headers)


def rendered(trace: StoredTrace) -> bytes:
    """A trace as the data of its event: JSON of one line."""
    return render.trace_summary(trace).model_dump_json().encode()


async def _written(events: AsyncGenerator[TailEvent, None]) -> AsyncGenerator[bytes, None]:
    try:
        async for event in events:
            yield _block(event)
    finally:
        # Not by the collector of lost generators: whoever follows is counted.
        await events.aclose()


def _block(event: TailEvent) -> bytes:
    position = b"id: %s-%d\n" % (event.position.history.encode(), event.position.number)
    if event.kind == "heartbeat":
        return b": heartbeat\n" + position + b"\n"
    if event.kind == "ready":
        return b"retry: %d\nevent: ready\n" % _RETRY_MS + position + b"data: {}\n\n"
    data = _RESET if event.kind == "reset" else event.data
    return b"event: " + event.kind.encode() + b"\n" + position + b"data: " + data + b"\n\n"


def _position(text: str) -> ChangePosition:
    """The position that an id names; one of no store if it is none of ours, which ends in a reset."""
    found = _ID.fullmatch(text.strip())
    return ChangePosition("", 0) if found is None else ChangePosition(found.group(1), int(found.group(2)))
