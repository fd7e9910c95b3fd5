"""Server-sent events, read from an answer line by line (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """An event.

    Attributes:
        kind: its name; `heartbeat` for a block that has an id and no data.
        event_id: where to go on after it; None where the server gave none.
        data: its text.
    """

    kind: str
    event_id: str | None
    data: str


def events(readline: Callable[[], bytes]) -> Iterator[Event]:
    """Each event that has come whole, until there are no more lines; one that breaks off is none."""
    fields: dict[str, list[str]] = {}
    while line := readline():
        if not line.endswith(b"\n"):
            return
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            # What begins with a colon is a comment, which has no name.
            name, _, value = text.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields or "id" in fields:
            event_id = fields["id"][-1] if "id" in fields else None
            named = fields.get("event", ["message" if "data" in fields else "heartbeat"])
            yield Event(named[-1], event_id, "\n".join(fields.get("data", [])))
        fields = {}
