"""Bodies that no model describes: every form in which clients take and give them, and every event beside."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from outcrop.testing.shape_server import ShapeReply
from sdk.tests.conformance.generated import UNKNOWN
from sdk.tests.conformance.laboratory import Laboratory
from sdk.tests.conformance.operations_under_test import find
from sdk.tests.conformance.verdict import check

_INVOKE, _STREAM = find("InvokeModel"), find("InvokeModelWithResponseStream")
_BODY = b'{"zqa": [1, "two"]}'
_FORMS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "text": bytes.decode,
}


@pytest.mark.parametrize("form", _FORMS)
def test_a_body_is_kept_in_whatever_form_it_is_given(laboratory: Laboratory, form: str) -> None:
    arguments = {"modelId": "a.model", "body": _FORMS[form](_BODY)}
    reply = ShapeReply({"body": _BODY})
    check(_INVOKE, arguments, reply, laboratory.run(_INVOKE, arguments, reply))


def test_a_body_that_is_a_file_is_kept(laboratory: Laboratory) -> None:
    reply = ShapeReply({"body": _BODY})
    finding = laboratory.run_anew(_INVOKE, lambda: {"modelId": "a.model", "body": io.BytesIO(_BODY)}, reply)
    assert finding.traced == finding.untraced
    assert finding.traced.streamed == [finding.types.body, _BODY]
    assert finding.request.body == _BODY
    assert finding.view.inputs == {"modelId": "a.model", "body": json.loads(_BODY)}


def test_a_body_of_null_is_kept(laboratory: Laboratory) -> None:
    finding = laboratory.run(_INVOKE, {"modelId": "a.model", "body": b"null"}, ShapeReply({"body": b"null"}))
    assert finding.view.inputs == {"modelId": "a.model", "body": None}
    assert (finding.view.outputs or {})["body"] is None


def test_bytes_that_are_no_text_are_shown_by_size_and_base64(laboratory: Laboratory) -> None:
    image = b"\x89PNG\xff\x00"
    finding = laboratory.run(_INVOKE, {"modelId": "a.model", "body": image}, ShapeReply({"body": image}))
    shown = base64.b64encode(image).decode()
    assert shown in json.dumps(finding.view.inputs)
    assert shown in json.dumps(finding.view.outputs)


def test_an_event_that_is_no_chunk_is_kept_with_the_body(laboratory: Laboratory) -> None:
    events = [{"chunk": {"bytes": _BODY}}, {f"{UNKNOWN}Event": {"words": "mark1x"}}]
    finding = laboratory.run(_STREAM, {"modelId": "a.model", "body": _BODY}, ShapeReply({"body": events}))
    assert "mark1x" in json.dumps(finding.view.outputs)


def test_chunks_of_an_unknown_vendor_are_listed_as_they_came(laboratory: Laboratory) -> None:
    events = [{"chunk": {"bytes": body}} for body in (_BODY, b"no JSON", b'"text"', b"\xff\x00")]
    arguments = {"modelId": "a.model", "body": _BODY}
    reply = ShapeReply({"contentType": "application/json", "body": events})
    finding = laboratory.run(_STREAM, arguments, reply)
    check(_STREAM, arguments, reply, finding)
    assert finding.view.outputs == {
        "contentType": "application/json",
        "body": [json.loads(_BODY), "no JSON", "text", {"$bytes": 2, "base64": "/wA="}],
    }
