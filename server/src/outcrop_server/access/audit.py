"""Audit lines: who did what to what, one JSON object a line, through the logger `outcrop.audit`.

A line names tokens by name and id. No token and no session's id ever comes here.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller

LOGGER = "outcrop.audit"
_log = logging.getLogger(LOGGER)
_MOST_IDS = 100


def record(event: str, *, by: str, **facts: object) -> None:
    """Writes a line.

    Args:
        event: what happened, such as `traces.deleted`.
        by: who did it.
        facts: what JSON has a form for; those that are None are left out.
    """
    line: dict[str, object] = {
        "event": event,
        "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "by": by,
    }
    line.update({name: value for name, value in facts.items() if value is not None})
    _log.info("%s", json.dumps(line, ensure_ascii=True), extra={"audit": line})


def record_by(caller: Caller, event: str, **facts: object) -> None:
    """Writes a line about what a caller did."""
    record(event, by=caller.name, token_id=caller.token_id, client=caller.client or None, **facts)


def shown_ids(trace_ids: list[str]) -> dict[str, object]:
    """Ids for a line, which must stay one that can be read."""
    if len(trace_ids) <= _MOST_IDS:
        return {"trace_ids": trace_ids}
    return {"trace_ids": trace_ids[:_MOST_IDS], "more_trace_ids": len(trace_ids) - _MOST_IDS}
