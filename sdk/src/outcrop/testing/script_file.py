"""Scripts written in JSON, for the command. The text comes from a file; scripts for the emulator go out.

The format is told in `FORMAT`, which `python -m outcrop.testing --help` prints.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from outcrop.testing.errors import Disconnect, ServiceError, StreamFailure, Throttling
from outcrop.testing.json_values import JsonObject, as_list, as_object, is_object, to_json
from outcrop.testing.replies import (
    Block,
    FixedReply,
    RawBlock,
    RawBody,
    Reasoning,
    Reply,
    Text,
    ToolUse,
    Usage,
)
from outcrop.testing.script_book import Script

FORMAT = """\
The script is a JSON object: model id -> list of replies, the last of which is repeated.
(Or model id -> {"replies": [...], "repeat_last": false}.) A reply is one of:

  "Some words"
  {"text": "Some words", "chunk_delay_s": 0.05}
  {"blocks": [{"text": "..."},
              {"reasoning": {"text": "...", "signature": "...", "redacted": "<base64>"}},
              {"toolUse": {"name": "get_weather", "input": {"city": "Tokyo"}}},
              {"raw": {"image": {"format": "png", "source": {"bytes": "<base64>"}}}}],
   "usage": {"input_tokens": 10, "output_tokens": 5, "cache_read": 100},
   "failure": {"exception": "throttlingException", "message": "...", "after_events": 3}}
  {"error": {"code": "ThrottlingException", "message": "...", "retry_after": 1}}
  {"disconnect": {"after_events": 3}}
  {"raw_body": {"any": "JSON"}, "content_type": "application/json"}

A reply with text or blocks also takes stop_reason, latency_s, first_chunk_delay_s,
chunk_delay_s, chunk_size, additional_model_response_fields, trace, performance_config,
service_tier, and {"disconnect": {...}} as its failure.
"""

_Made = TypeVar("_Made")

_REPLY_OPTIONS = frozenset(
    {
        "stop_reason",
        "latency_s",
        "first_chunk_delay_s",
        "chunk_delay_s",
        "chunk_size",
        "additional_model_response_fields",
        "trace",
        "performance_config",
        "service_tier",
    }
)


class ScriptError(ValueError):
    """The script is not as the format says; the message names the place."""


def read_script(text: str) -> dict[str, Script]:
    """Read a script file's text.

    Args:
        text: JSON in the format of `FORMAT`.

    Returns:
        Scripts by model id.

    Raises:
        ScriptError: it is not JSON or not in the format.
    """
    try:
        root = json.loads(text)
    except ValueError as error:
        raise ScriptError(f"not JSON: {error}") from error
    if not is_object(root):
        raise ScriptError("the outermost value must be an object: model id -> list of replies")
    return {model_id: _script(value, model_id) for model_id, value in root.items()}


def _script(value: object, place: str) -> Script:
    repeat_last = True
    if is_object(value):
        _check_names(value, {"replies", "repeat_last"}, place)
        repeat_last = value.get("repeat_last", True) is not False
        value = value.get("replies")
    if not as_list(value):
        raise ScriptError(f"{place}: expected a list with at least one reply")
    replies = [_reply(item, f"{place}[{index}]") for index, item in enumerate(as_list(value))]
    return Script(tuple(replies), repeat_last)


def _reply(value: object, place: str) -> FixedReply:
    if isinstance(value, str):
        return value
    members = as_object(value)
    for name, read in _READERS.items():
        if name in members:
            return read(members, place)
    raise ScriptError(f"{place}: expected a string or an object with one of {', '.join(_READERS)}")


def _worded(members: JsonObject, place: str) -> Reply:
    _check_names(members, {"text", "blocks", "usage", "failure", *_REPLY_OPTIONS}, place)
    given = [{"text": members["text"]}] if "text" in members else as_list(members["blocks"])
    blocks = [_block(as_object(block), f"{place}.blocks[{index}]") for index, block in enumerate(given)]
    options = {name: members[name] for name in _REPLY_OPTIONS if name in members}
    if "usage" in members:
        options["usage"] = _build(Usage, members["usage"], f"{place}.usage")
    if "failure" in members:
        options["failure"] = _failure(as_object(members["failure"]), f"{place}.failure")
    return _build(partial(Reply, *blocks), options, place)


def _block(block: JsonObject, place: str) -> Block:
    kind = next(iter(block), "")
    if kind == "text":
        return _build(Text, block, place)
    if kind == "reasoning":
        return _reasoning(dict(as_object(block[kind])), place)
    if kind == "toolUse":
        return _build(ToolUse, block[kind], place)
    if kind == "raw":
        return RawBlock(as_object(block[kind]))
    raise ScriptError(f"{place}: expected text, reasoning, toolUse or raw, not {kind or 'nothing'}")


def _reasoning(members: JsonObject, place: str) -> Block:
    if "redacted" in members:
        try:
            members["redacted"] = base64.b64decode(str(members["redacted"]), validate=True)
        except binascii.Error as error:
            raise ScriptError(f"{place}.redacted: not base64: {error}") from error
    return _build(Reasoning, members, place)


def _failure(members: JsonObject, place: str) -> StreamFailure | Disconnect:
    if "disconnect" in members:
        return _disconnect(members, place)
    return _build(StreamFailure, members, place)


def _disconnect(members: JsonObject, place: str) -> Disconnect:
    _check_names(members, {"disconnect"}, place)
    return _build(Disconnect, members["disconnect"], place)


def _error(members: JsonObject, place: str) -> ServiceError:
    _check_names(members, {"error"}, place)
    error = dict(as_object(members["error"]))
    retry_after = error.pop("retry_after", None)
    error.setdefault("message", "")
    if retry_after is not None:
        # The two headers are written in one place only.
        headers = _build(Throttling, {"retry_after": retry_after}, place).headers
        error["headers"] = {**headers, **as_object(error.get("headers"))}
    return _build(ServiceError, error, place)


def _raw_body(members: JsonObject, place: str) -> RawBody:
    _check_names(members, {"raw_body", "content_type"}, place)
    return RawBody(to_json(members["raw_body"]), str(members.get("content_type", "application/json")))


_READERS: dict[str, Callable[[JsonObject, str], FixedReply]] = {
    "text": _worded,
    "blocks": _worded,
    "error": _error,
    "disconnect": _disconnect,
    "raw_body": _raw_body,
}


def _build(kind: Callable[..., _Made], members: object, place: str) -> _Made:
    """Make a value from JSON members that carry its parameters' names."""
    try:
        return kind(**as_object(members))
    except (TypeError, ValueError) as error:
        raise ScriptError(f"{place}: {error}") from error


def _check_names(members: JsonObject, known: set[str], place: str) -> None:
    unknown = sorted(set(members) - known)
    if unknown:
        raise ScriptError(f"{place}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
