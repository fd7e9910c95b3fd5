"""A server of ours answers MLflow's clients too, and is still known as ours by our own SDK."""

from __future__ import annotations

from typing import Any

import outcrop
from outcrop.delivery.connection import Connection
from outcrop.delivery.recognising import Recognition
from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader


def test_our_server_is_not_taken_for_mlflows(server: BackgroundServer) -> None:
    recognition, connection = Recognition(), Connection(server.url)
    answer = recognition.ask(connection)
    connection.close()
    assert answer.is_good
    assert recognition.is_mlflow is False


def test_it_gets_the_exchange_as_it_was_on_the_wire(
    tracing: str, api: ApiReader, bedrock_emulator: Any
) -> None:
    client = bedrock_emulator.client()
    client.converse(modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    client.close()
    assert outcrop.flush()
    trace = outcrop.get_trace(outcrop.get_last_active_trace_id() or "")
    assert trace is not None
    assert trace.page_url == f"{tracing}/traces/{trace.info.trace_id}"
    (span,) = trace.data.spans
    # Of a span in MLflow's form this would not be there.
    assert span.attributes["outcrop.aws.operation"] == "Converse"
    assert api("/api/traces?limit=1")
