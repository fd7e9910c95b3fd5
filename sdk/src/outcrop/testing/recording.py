"""One HTTP request as the emulator received it. Made by the dispatcher, read by tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RecordedRequest:
    """One attempt of a call: boto3's retries are recorded one by one.

    Attributes:
        operation: the API operation, for example `ConverseStream`; empty if the path is none of them.
        model_id: the model id from the path, decoded; None if the path has none.
        path: the path as it came, still URL-encoded, without the query.
        headers: HTTP headers, names in lower case.
        body: the body's bytes.
        json: the body parsed, or None if it is empty or not JSON.
        path_params: what the path says, decoded, for example `guardrailIdentifier`; the model id too.
        query: the query string's first values, decoded.
    """

    operation: str
    model_id: str | None
    path: str
    headers: Mapping[str, str]
    body: bytes
    json: Any = None
    path_params: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
