"""Exports and imports over HTTP in tests."""

from __future__ import annotations

import json
from typing import Any

from outcrop_server.serve import BackgroundServer
from server.tests.support.http import Answer, ask


def export(server: BackgroundServer, accept: str = "identity", **asked: Any) -> Answer:
    headers = {"content-type": "application/json", "accept-encoding": accept}
    answer = ask(server.url, "/api/export", method="POST", body=json.dumps(asked).encode(), headers=headers)
    assert answer.status == 200, answer.body
    return answer


def take_in(server: BackgroundServer, file: bytes, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(server.url, "/api/import", method="POST", body=file, headers=given)


def trace(server: BackgroundServer, trace_id: bytes) -> dict[str, Any]:
    """All that a server tells of a trace but for ids that a store gives by itself."""
    path = f"/api/traces/{trace_id.hex()}"
    detail: dict[str, Any] = ask(server.url, path).json
    detail["info"].pop("experiment_id")
    detail["annotations"] = ask(server.url, f"{path}/annotations").json
    return detail


def payloads(server: BackgroundServer, trace_id: bytes) -> dict[str, bytes]:
    """Each span of a trace as it is kept, by its id."""
    path = f"/api/traces/{trace_id.hex()}"
    ids = [span["span_id"] for span in ask(server.url, path).json["spans"]]
    return {each: ask(server.url, f"{path}/spans/{each}/payload/otlp").body for each in ids}
