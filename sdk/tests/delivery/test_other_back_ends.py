"""What another OTLP back end gets: the conventions' own form, and nothing that it could not read."""

from __future__ import annotations

import json
from typing import Any

import pytest

import outcrop
from outcrop.settings import read_settings
from outcrop.testing import BedrockEmulator
from sdk.tests.delivery.collector import Collector

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"


def test_a_back_end_that_is_not_outcrop_gets_messages_and_usage_and_no_raw_exchange(
    bedrock_emulator: BedrockEmulator,
) -> None:
    before = outcrop.get_tracking_uri()
    client: Any = bedrock_emulator.client()
    with Collector() as collector:
        outcrop.set_tracking_uri(f"{collector.url}/v1/traces")
        outcrop.bedrock.autolog(silent=True)
        try:
            client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])
            assert outcrop.flush()
        finally:
            outcrop.bedrock.autolog(disable=True)
            outcrop.set_tracking_uri(before)
            client.close()
        (span,) = collector.spans
    (message,) = json.loads(span.attributes["gen_ai.input.messages"])
    assert message == {"role": "user", "parts": [{"type": "text", "content": "Hello?"}]}
    assert span.attributes["gen_ai.usage.input_tokens"] > 0
    assert not any(isinstance(value, bytes) for value in span.attributes.values())


@pytest.mark.parametrize(
    ("environment", "uri"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318/v1/traces"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OUTCROP_TRACKING_URI": "http://o:5115"},
            "http://o:5115",
        ),
        ({}, "http://127.0.0.1:5115"),
    ],
)
def test_opentelemetrys_endpoint_is_where_traces_go_unless_outcrops_own_is_named(
    environment: dict[str, str], uri: str
) -> None:
    assert read_settings(environment).tracking_uri == uri
