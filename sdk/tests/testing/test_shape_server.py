"""The server that knows nothing but shapes, held against botocore's own parsers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from botocore.model import DenormalizedStructureBuilder, ServiceModel
from botocore.parsers import create_parser

from outcrop.testing.shape_server import RawFrame, ShapeReply, ShapeServer
from outcrop.testing.shape_wire import encode_stream_event, to_wire

_RETRIEVE: dict[str, Any] = {"knowledgeBaseId": "ABCDEFGHIJ", "retrievalQuery": {"text": "ships"}}


def test_a_plain_answer_arrives_in_botocores_shape() -> None:
    results = [{"content": {"text": "A ship."}, "score": 0.5, "metadata": {"source": {"page": 3}}}]
    with ShapeServer() as server:
        client = server.client("bedrock-agent-runtime")
        server.put(_operation(client, "Retrieve"), ShapeReply({"retrievalResults": results}))

        answer = client.retrieve(**_RETRIEVE)

        assert answer["retrievalResults"] == results
        assert server.last_request.target == "/knowledgebases/ABCDEFGHIJ/retrieve"


def test_a_stream_arrives_with_its_headers_events_and_exceptions() -> None:
    with ShapeServer() as server:
        client = server.client("bedrock-agent-runtime")
        events = [
            {"chunk": {"bytes": b"Hello"}},
            {"returnControl": {"invocationId": "1"}},
            {"throttlingException": {"message": "slow down"}},
        ]
        members = {"sessionId": "s1", "contentType": "text/plain", "completion": events}
        server.put(_operation(client, "InvokeAgent"), ShapeReply(members))

        answer = client.invoke_agent(agentId="A", agentAliasId="B", sessionId="s1", inputText="Hi")

        assert (answer["sessionId"], answer["contentType"]) == ("s1", "text/plain")
        seen: list[Any] = []
        with pytest.raises(EventStreamError, match="slow down"):
            seen.extend(answer["completion"])
        assert seen == events[:2]
        answer["completion"].close()


def test_a_modelled_error_is_raised_as_its_class() -> None:
    with ShapeServer() as server:
        client = server.client("bedrock-agent-runtime")
        operation = _operation(client, "Retrieve")
        error = next(shape for shape in operation.error_shapes if shape.name == "ConflictException")
        server.put(operation, ShapeReply({"message": "twice"}, error=error))

        with pytest.raises(client.exceptions.ConflictException, match="twice"):
            client.retrieve(**_RETRIEVE)


def test_a_call_that_nobody_prepared_is_refused() -> None:
    with ShapeServer() as server:
        client = server.client("bedrock-agent-runtime")
        with pytest.raises(ClientError, match="UnknownOperationException"):
            client.retrieve(**_RETRIEVE)


def test_a_body_may_come_in_pieces() -> None:
    with ShapeServer() as server:
        client = server.client("bedrock-runtime")
        reply = ShapeReply({"body": [b"one", b"", b"two"], "contentType": "text/plain"})
        server.put(_operation(client, "InvokeModel"), reply)

        answer = client.invoke_model(modelId="m", body=b"{}")

        assert answer["contentType"] == "text/plain"
        assert answer["body"].read() == b"onetwo"


def test_a_frame_that_no_shape_describes_goes_out_as_it_is() -> None:
    frame = RawFrame({":message-type": "error", ":error-code": "Oops", ":error-message": "it broke"})
    with ShapeServer() as server:
        client = server.client("bedrock-runtime")
        server.put(_operation(client, "ConverseStream"), ShapeReply({"stream": [frame]}))
        stream = client.converse_stream(modelId="m", messages=[])["stream"]
        with pytest.raises(EventStreamError, match="it broke"):
            list(stream)
        stream.close()


def test_without_a_start_there_is_no_address() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = ShapeServer().endpoint_url


@pytest.mark.parametrize(
    ("timestamp_format", "expected"),
    [
        (None, 1795348805),
        ("iso8601", "2026-11-22T12:00:05Z"),
        ("rfc822", "Sun, 22 Nov 2026 12:00:05 GMT"),
    ],
)
def test_times_are_written_as_the_model_says(timestamp_format: str | None, expected: Any) -> None:
    shape = DenormalizedStructureBuilder().with_members({"at": {"type": "timestamp"}}).build_model()
    if timestamp_format is not None:
        shape.members["at"].serialization["timestampFormat"] = timestamp_format
    assert to_wire(shape, {"at": datetime(2026, 11, 22, 12, 0, 5, tzinfo=timezone.utc)}) == {"at": expected}


@pytest.mark.parametrize(
    ("payload", "value"), [("blob", b"\x00\xff"), ("string", "words"), ("structure", {"inner": "x"})]
)
def test_event_headers_and_payloads_are_read_back_by_botocore(payload: str, value: Any) -> None:
    from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415  # not a public name of botocore's

    shape = _event_model(payload).shape_for("Stream")
    event = {"told": {"name": "n", "count": 3, "is_new": True, "at": _MOMENT, "body": value}}
    buffer = EventStreamBuffer()
    buffer.add_data(encode_stream_event(shape, event, is_padded=False))
    (frame,) = buffer

    parser: Any = create_parser("rest-json")
    parsed: Any = parser._event_stream_parser.parse(frame.to_response_dict(), shape)  # noqa: SLF001  # no other way in

    assert parsed == event


_MOMENT = datetime(2026, 11, 22, 12, 0, 5, tzinfo=timezone.utc)


def _event_model(payload: str) -> ServiceModel:
    header = {"eventheader": True}
    members = {
        "name": {"shape": "String", **header},
        "count": {"shape": "Integer", **header},
        "is_new": {"shape": "Boolean", **header},
        "at": {"shape": "Timestamp", **header},
        "body": {"shape": payload.capitalize(), "eventpayload": True},
    }
    shapes = {
        "Stream": {"type": "structure", "eventstream": True, "members": {"told": {"shape": "Told"}}},
        "Told": {"type": "structure", "event": True, "members": members},
        "Structure": {"type": "structure", "members": {"inner": {"shape": "String"}}},
        **{name: {"type": name.lower()} for name in ("String", "Integer", "Boolean", "Timestamp", "Blob")},
    }
    return ServiceModel({"metadata": {"protocol": "rest-json"}, "operations": {}, "shapes": shapes})


def _operation(client: Any, name: str) -> Any:
    return client.meta.service_model.operation_model(name)
