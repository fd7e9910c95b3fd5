"""Fixtures of the codecs' tests: a call through real boto3 to the emulator, and what a reader sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import outcrop
from outcrop.delivery.memory import MemoryDestination
from outcrop.genai.view import SpanView
from outcrop.runtime import get_runtime
from outcrop.views import read_span

Call = Callable[[str, dict[str, Any]], SpanView]


@pytest.fixture
def newest_view() -> Iterator[Callable[[], SpanView]]:
    """Tracing is on; gives the view of the span that ended last."""
    with get_runtime().redirected(MemoryDestination()) as memory:
        outcrop.bedrock.autolog(silent=True)

        def read() -> SpanView:
            get_runtime().flush(10.0)
            (record,) = memory.read_trace(memory.trace_ids()[-1])
            return read_span(record.attributes)

        yield read
        outcrop.bedrock.autolog(disable=True)


@pytest.fixture
def invoke(client: Any, newest_view: Callable[[], SpanView]) -> Call:
    """Calls InvokeModel and reads the whole answer."""

    def call(model: str, body: dict[str, Any]) -> SpanView:
        client.invoke_model(modelId=model, body=json.dumps(body))["body"].read()
        return newest_view()

    return call


@pytest.fixture
def stream(client: Any, newest_view: Callable[[], SpanView]) -> Call:
    """Calls InvokeModelWithResponseStream and reads every chunk."""

    def call(model: str, body: dict[str, Any]) -> SpanView:
        for _ in client.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))["body"]:
            pass
        return newest_view()

    return call
