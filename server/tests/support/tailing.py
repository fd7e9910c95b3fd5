"""Follows a server's live tail in tests: each event as it comes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Event:
    kind: str
    id: str
    data: Any


@contextmanager
def following(
    url: str, last_event_id: str | None = None, headers: dict[str, str] | None = None, **query: str
) -> Generator[Iterator[Event], None, None]:
    """The events from now on; the first one has come, so what happens afterwards is among them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    given = {**(headers or {}), **({} if last_event_id is None else {"Last-Event-ID": last_event_id})}
    try:
        connection.request("GET", f"/api/traces/tail?{urlencode(query)}", headers=given)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        assert response.getheader("content-type") == "text/event-stream; charset=utf-8"
        yield _events(response)
    finally:
        connection.close()


def _events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """Until the server ends the stream; a comment is an event called `heartbeat`."""
    fields: dict[str, str] = {}
    while line := response.readline():
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(": ")
            fields[name or "event"] = value
            continue
        yield Event(fields["event"], fields["id"], json.loads(fields.get("data", "null")))
        fields = {}
