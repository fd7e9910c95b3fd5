"""Scripts written in JSON."""

from __future__ import annotations

import json

import pytest

from outcrop.testing import (
    Disconnect,
    RawBlock,
    RawBody,
    Reasoning,
    Reply,
    ServiceError,
    StreamFailure,
    Text,
    ToolUse,
    Usage,
)
from outcrop.testing.script_file import ScriptError, read_script


def _one(reply: object) -> object:
    return read_script(json.dumps({"m": [reply]}))["m"].replies[0]


def test_a_string_stands_for_itself() -> None:
    assert _one("Hello") == "Hello"


def test_every_kind_of_block_can_be_written() -> None:
    blocks = [
        {"text": "Hi"},
        {"reasoning": {"text": "Hm", "signature": "s"}},
        {"reasoning": {"redacted": "AQI="}},
        {"toolUse": {"name": "t", "input": {"a": 1}}},
        {"raw": {"image": {"format": "png"}}},
    ]

    assert _one({"blocks": blocks}) == Reply(
        Text("Hi"),
        Reasoning("Hm", "s"),
        Reasoning(redacted=b"\x01\x02"),
        ToolUse("t", {"a": 1}),
        RawBlock({"image": {"format": "png"}}),
    )


def test_options_usage_and_failure_reach_the_reply() -> None:
    reply = _one(
        {
            "text": "Hi",
            "chunk_delay_s": 0.5,
            "stop_reason": "max_tokens",
            "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read": 3},
            "failure": {"exception": "throttlingException", "after_events": 4},
        }
    )

    assert reply == Reply(
        "Hi",
        chunk_delay_s=0.5,
        stop_reason="max_tokens",
        usage=Usage(1, 2, cache_read=3),
        failure=StreamFailure("throttlingException", after_events=4),
    )
    assert _one({"text": "Hi", "failure": {"disconnect": {"after_events": 1}}}) == Reply(
        "Hi", failure=Disconnect(1)
    )


def test_an_error_takes_a_time_to_wait() -> None:
    error = _one({"error": {"code": "ThrottlingException", "message": "slow", "retry_after": 2}})

    assert isinstance(error, ServiceError)
    assert error.http_status == 429
    assert error.headers == {"Retry-After": "2", "x-amz-retry-after": "2000"}


def test_disconnects_and_raw_bodies_are_replies_too() -> None:
    assert _one({"disconnect": {"after_events": 3}}) == Disconnect(3)
    assert _one({"raw_body": {"a": 1}}) == RawBody(b'{"a":1}')


def test_repetition_can_be_switched_off() -> None:
    script = read_script('{"m": {"replies": ["x"], "repeat_last": false}}')["m"]

    assert (script.replies, script.repeat_last) == (("x",), False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "the outermost value must be an object"),
        ('{"m": []}', "m: expected a list with at least one reply"),
        ('{"m": {"replys": ["x"]}}', "m: unknown replys; known: repeat_last, replies"),
        ('{"m": [5]}', r"m\[0\]: expected a string or an object"),
        ('{"m": ["x", {"text": "y", "chunk_dely_s": 1}]}', r"m\[1\]: unknown chunk_dely_s"),
        ('{"m": [{"text": "y", "chunk_size": 0}]}', r"m\[0\]: chunk_size is 0"),
        (
            '{"m": [{"blocks": [{"tool": {}}]}]}',
            r"m\[0\].blocks\[0\]: expected text, reasoning, toolUse or raw",
        ),
        ('{"m": [{"blocks": [{"toolUse": {"nme": "t"}}]}]}', r"m\[0\].blocks\[0\]: .*nme"),
        ('{"m": [{"blocks": [{"reasoning": {"redacted": "%"}}]}]}', "not base64"),
        ('{"m": [{"error": {"message": "x"}}]}', r"m\[0\]: .*code"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ScriptError, match=words):
        read_script(text)
