"""Reads Converse: request and response JSON to a chat, usage and finish reason.

ConverseStream's merged answer has the same shape and is read by the same functions.
Source: botocore's bedrock-runtime service model, shapes ConverseRequest and ConverseResponse.
"""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.bedrock.content_blocks import read_blocks, read_message
from outcrop.genai.messages import Chat, Message, Tool
from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text
from outcrop.semconv import gen_ai

_CACHE_COUNTS = frozenset({"cacheReadInputTokens", "cacheWriteInputTokens"})
# What is shown by itself; every other argument of the call is a parameter.
_SHOWN_APART = frozenset({"modelId", "messages", "system", "toolConfig", "inferenceConfig"})


def read_chat(request: JsonObject, response: JsonObject | None) -> Chat:
    """The call as a conversation; `response` is None when no answer came."""
    newest_first = list(read_messages(request))
    return Chat(
        system=read_blocks(request.get("system")),
        messages=newest_first[::-1],
        output=read_output(response),
        tools=_read_tools(as_object(request.get("toolConfig"))),
        parameters=_read_parameters(request),
    )


def read_messages(request: JsonObject) -> Iterator[Message]:
    """What was sent, the newest message first, each read when it is asked for."""
    for message in reversed(as_list(request.get("messages"))):
        yield from reversed(read_message(as_object(message)))


def request_attributes(request: JsonObject) -> JsonObject:
    """Inference parameters under the GenAI conventions' names."""
    inference = as_object(request.get("inferenceConfig"))
    found = {
        gen_ai.REQUEST_MAX_TOKENS: inference.get("maxTokens"),
        gen_ai.REQUEST_TEMPERATURE: inference.get("temperature"),
        gen_ai.REQUEST_TOP_P: inference.get("topP"),
        gen_ai.REQUEST_STOP_SEQUENCES: inference.get("stopSequences"),
    }
    return {name: value for name, value in found.items() if value is not None}


def read_usage(response: JsonObject | None) -> Usage | None:
    """Token counts; Converse counts cached input apart, so the total adds it.

    Source: "Prompt caching" in the Bedrock user guide: total input is inputTokens plus
    cacheReadInputTokens plus cacheWriteInputTokens.
    """
    raw = as_object((response or {}).get("usage"))
    if not raw:
        return None
    fresh, out = raw.get("inputTokens"), raw.get("outputTokens")
    if type(fresh) is int and type(out) is int and _CACHE_COUNTS.isdisjoint(raw):
        return Usage(fresh, out, None, None, raw, UsageRule.EXCLUSIVE)
    fresh = as_int(fresh)
    read = as_int(raw["cacheReadInputTokens"]) if "cacheReadInputTokens" in raw else None
    written = as_int(raw["cacheWriteInputTokens"]) if "cacheWriteInputTokens" in raw else None
    total = None if fresh is None else fresh + (read or 0) + (written or 0)
    return Usage(total, as_int(out), read, written, raw, UsageRule.EXCLUSIVE)


def read_finish_reason(response: JsonObject | None) -> str | None:
    """Why the model stopped, in Bedrock's word."""
    return as_text((response or {}).get("stopReason"))


def read_response_model(response: JsonObject | None) -> str | None:
    """The model that a prompt router chose; None when the answer names none."""
    trace = as_object((response or {}).get("trace"))
    return as_text(as_object(trace.get("promptRouter")).get("invokedModelId"))


def read_output(response: JsonObject | None) -> list[Message]:
    """What came back; nothing when no answer came."""
    message = as_object(as_object((response or {}).get("output")).get("message"))
    if not message:
        return []
    reason = read_finish_reason(response)
    read = read_message(message)
    return [*read[:-1], Message(read[-1].role, read[-1].parts, reason)] if read else []


def _read_tools(tool_config: JsonObject) -> list[Tool]:
    tools: list[Tool] = []
    for entry in as_list(tool_config.get("tools")):
        for kind, value in as_object(entry).items():
            spec = as_object(value)
            schema = as_object(spec.get("inputSchema")).get("json")
            # A system tool has a name alone; a cache point has none and is shown by its kind.
            name = as_text(spec.get("name")) or kind
            tools.append(Tool(name, as_text(spec.get("description")), schema))
    return tools


def _read_parameters(request: JsonObject) -> JsonObject:
    parameters = dict(as_object(request.get("inferenceConfig")))
    parameters.update({name: value for name, value in request.items() if name not in _SHOWN_APART})
    tool_choice = as_object(request.get("toolConfig")).get("toolChoice")
    if tool_choice is not None:
        parameters["toolChoice"] = tool_choice
    return parameters
