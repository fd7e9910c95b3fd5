"""Anthropic's Messages body, as Claude models take and give it through InvokeModel.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask, OfferedTool, block_text, characters, last_text, prefer
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.json_values import (
    JsonObject,
    as_list,
    as_object,
    as_objects,
    as_text,
    to_base64,
    to_json,
)
from outcrop.testing.replies import Block, RawBlock, Text, ToolUse, Usage


def _read(body: JsonObject) -> Ask:
    messages = as_objects(body.get("messages"))
    newest = as_objects(messages[-1].get("content")) if messages else []
    # AWS's and Anthropic's own tools have a type and no schema; the caller cannot answer those.
    offered = [tool for tool in as_objects(body.get("tools")) if "input_schema" in tool]
    tools = [OfferedTool(as_text(tool.get("name")), as_object(tool["input_schema"])) for tool in offered]
    forced = as_text(as_object(body.get("tool_choice")).get("name"))
    return Ask(
        last_user_text=last_text(messages),
        tools=tuple(prefer(tools, forced)),
        tool_results=tuple(
            _result_text(block.get("content")) for block in newest if block.get("type") == "tool_result"
        ),
        prompt_characters=characters([body.get("system"), messages, body.get("tools")]),
    )


def _result_text(content: object) -> str:
    return content if isinstance(content, str) else block_text(as_list(content))


def _write(answer: Answer, _: JsonObject) -> JsonObject:
    return {
        **_envelope(answer),
        "content": [_block(block) for block in answer.blocks],
        "stop_reason": answer.stop_reason,
        "stop_sequence": None,
        "usage": _usage(answer.usage, answer.usage.output_tokens),
    }


def _stream(answer: Answer, _: JsonObject) -> Iterator[JsonObject]:
    opening: JsonObject = {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(answer.usage, 1),
    }
    yield {"type": "message_start", "message": {**_envelope(answer), **opening}}
    for index, block in enumerate(answer.blocks):
        yield {"type": "content_block_start", "index": index, "content_block": _opening_block(block)}
        for delta in _deltas(answer, block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": answer.stop_reason, "stop_sequence": None},
        "usage": {"output_tokens": answer.usage.output_tokens},
    }
    yield {"type": "message_stop"}


def _envelope(answer: Answer) -> JsonObject:
    return {
        "model": answer.model_id.rpartition("anthropic.")[2],
        "id": f"msg_bdrk_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
    }


def _usage(usage: Usage, output_tokens: int) -> JsonObject:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_write or 0,
        "cache_read_input_tokens": usage.cache_read or 0,
        "output_tokens": output_tokens,
    }


def _block(block: Block) -> JsonObject:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if isinstance(block, ToolUse):
        return {"type": "tool_use", "id": block.tool_use_id, "name": block.name, "input": block.input}
    if isinstance(block, RawBlock):
        return dict(block.block)
    if block.redacted is not None:
        return {"type": "redacted_thinking", "data": to_base64(block.redacted)}
    return {"type": "thinking", "thinking": block.text, "signature": block.signature or ""}


def _opening_block(block: Block) -> JsonObject:
    """A block as a stream opens it: what comes in deltas is still empty."""
    whole = _block(block)
    if isinstance(block, RawBlock):
        return whole
    empty: JsonObject = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: empty.get(name, value) if name != "type" else value for name, value in whole.items()}


def _deltas(answer: Answer, block: Block) -> Iterator[JsonObject]:
    if isinstance(block, Text):
        yield from ({"type": "text_delta", "text": piece} for piece in answer.pieces(block.text))
    elif isinstance(block, ToolUse):
        text = to_json(block.input).decode()
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in answer.pieces(text))
    elif not isinstance(block, RawBlock) and block.redacted is None:
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in answer.pieces(block.text))
        if block.signature is not None:
            yield {"type": "signature_delta", "signature": block.signature}


DIALECT = Dialect(("anthropic_version", "max_tokens", "messages"), _read, _write, _stream)
