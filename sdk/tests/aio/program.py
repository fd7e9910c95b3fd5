"""What the programs of these tests have in common: a client, what it asks, and how its one span ended."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from outcrop.entities import Span
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]
# A connection that is dropped unread warns when it is collected, with or without tracing.
drops_its_connection = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


@asynccontextmanager
async def aio_client(endpoint_url: str, **options: Any) -> AsyncGenerator[Any, None]:
    """An aiobotocore client of Bedrock's runtime."""
    session: Any = importlib.import_module("aiobotocore.session").get_session()
    made = session.create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        **options,
    )
    async with made as client:
        yield client


def only_span(traces: CapturedTraces) -> Span:
    """The one span of the one trace."""
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


def end_of(span: Span) -> tuple[str, str]:
    """Outcome and reason of a stream's end."""
    return span.attributes["outcrop.stream.outcome"], span.attributes["outcrop.stream.end_reason"]
