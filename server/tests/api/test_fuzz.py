"""Every operation of the API, asked whatever its own document allows and forbids: no 500, no hang.

What a request may hold is read from the OpenAPI document; answers are held to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from outcrop_server.api.openapi import document
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from server.tests.support.http import send
from server.tests.support.spans import otlp_span, request

# Of each operation.
EXAMPLES = 100 if os.environ.get("OUTCROP_LONG_TESTS") else 25
_SCHEMA: Any = schemathesis.openapi.from_dict(document())
_GENERAL: Any = checks
_OPENAPI: Any = openapi_checks
_CHECKS: list[Any] = [
    _GENERAL.not_a_server_error,
    _OPENAPI.status_code_conformance,
    _OPENAPI.content_type_conformance,
    _OPENAPI.response_schema_conformance,
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a trace in it; one for all examples."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    given = Settings(port=0, store=folder / "outcrop.db", spool=folder / "spool")
    with BackgroundServer(given) as server:
        spans = [otlp_span(1), otlp_span(2, 1, status="ERROR")]
        assert send(server.url, request(*spans)).status == 200
        yield server.url


# A tail answers for as long as somebody listens; `test_tail_api` has what it refuses.
# Made of the document, the decorator is of no known type.
@_SCHEMA.exclude(operation_id="tailTraces").parametrize()  # type: ignore[untyped-decorator]  # as said
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
def test_no_request_brings_the_server_down(case: Any, url: str) -> None:
    case.call_and_validate(base_url=url, checks=_CHECKS, timeout=120)
