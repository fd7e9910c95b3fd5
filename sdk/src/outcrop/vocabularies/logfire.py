"""Pydantic AI and Logfire: conversations as lists of events or of messages, functions by their arguments.

Source: pydantic/pydantic-ai, pydantic_ai/models/instrumented.py (formats 1 to 5), and pydantic/logfire. What
newer formats write in the conventions' words is read in `gen_ai`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outcrop.entities import SpanType
from outcrop.genai.messages import Chat
from outcrop.genai.stated import StatedCost
from outcrop.json_reading import as_list, as_object
from outcrop.semconv import gen_ai
from outcrop.vocabularies.blocks import read_blocks
from outcrop.vocabularies.message_events import chat_of_bodies
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import answers_apart, conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import dollars, first, first_text, marks, structured, structured_object

_MESSAGES = "pydantic_ai.all_messages"
_MESSAGE_EVENTS = "all_messages_events"
_SCHEMA = "logfire.json_schema"
_TOOL_ARGUMENTS = "tool_arguments"
# What a schema lists that is no argument of the user's.
_OURS = ("gen_ai.", "logfire.", "pydantic_ai.", "code.", "otel.")


def read(attributes: Attributes, _events: Sequence[Event]) -> Reading:
    """Reads what Pydantic AI and Logfire write beside the conventions."""
    is_agent = not {_MESSAGES, _MESSAGE_EVENTS, "final_result"}.isdisjoint(attributes)
    is_tool = gen_ai.TOOL_NAME in attributes
    cost = dollars(attributes.get("operation.cost"))
    request = structured_object(attributes.get("request_data"))
    inputs = structured(attributes.get(_TOOL_ARGUMENTS))
    outputs = structured(first(attributes, "tool_response", "final_result", "return"))
    chat = _chat(attributes, request)
    if inputs is None and chat is None and not is_tool:
        inputs = _arguments(attributes)
    return Reading(
        span_type=_span_type(is_agent, is_tool, is_call="model" in request),
        inputs=inputs,
        outputs=outputs,
        chat=chat,
        request_model=first_text(request, "model")
        or (first_text(attributes, "model_name") if is_agent else None),
        tags=marks(structured(attributes.get("logfire.tags"))),
        cost=None if cost is None or is_agent else StatedCost(cost),
    )


def _span_type(is_agent: bool, is_tool: bool, *, is_call: bool) -> str | None:
    if is_tool:
        return SpanType.TOOL
    if is_agent:
        return SpanType.AGENT
    return SpanType.CHAT_MODEL if is_call else None


def _chat(attributes: Attributes, request: dict[str, Any]) -> Chat | None:
    offered = structured_object(attributes.get("model_request_parameters"))
    tools = read_tools(offered.get("function_tools")) + read_tools(offered.get("output_tools"))
    if tools and "events" not in attributes:
        # The messages are in the conventions' words.
        return Chat(tools=tools)
    if request:
        return _requested(attributes, request)
    if _MESSAGES in attributes:
        sent, answered = answers_apart(read_messages(attributes[_MESSAGES]))
        system = read_blocks(structured(attributes.get(gen_ai.SYSTEM_INSTRUCTIONS)))
        return conversation(sent, answered, system=system)
    bodies = structured(first(attributes, _MESSAGE_EVENTS, "events"))
    told = chat_of_bodies(as_list(bodies))
    if told is None:
        return None
    sent, answered = (told.messages, told.output) if told.output else answers_apart(told.messages)
    return Chat(told.system, sent, answered, tools or told.tools)


def _requested(attributes: Attributes, request: dict[str, Any]) -> Chat | None:
    """Logfire's own integrations keep the request and the answer of the provider's library."""
    answer = structured_object(attributes.get("response_data"))
    shown = {"messages", "input", "tools", "model", "system", "stream"}
    words = first_text(answer, "combined_chunk_content")
    return conversation(
        read_messages(request.get("messages") or request.get("input")),
        read_messages(answer.get("message") or words, "assistant"),
        system=[part for each in read_messages(request.get("system"), "system") for part in each.parts],
        tools=read_tools(request.get("tools")),
        parameters={name: value for name, value in request.items() if name not in shown},
    )


def _arguments(attributes: Attributes) -> Any:
    """Arguments of a user's own span: Logfire's schema names them."""
    listed = as_object(structured_object(attributes.get(_SCHEMA)).get("properties"))
    given = {
        name: structured(attributes[name])
        for name in listed
        if name in attributes and not name.startswith(_OURS) and name != "return"
    }
    return given or None


LOGFIRE = Vocabulary(
    "logfire",
    frozenset(
        {
            "logfire.span_type",
            "logfire.msg_template",
            "logfire.msg",
            _SCHEMA,
            _MESSAGES,
            _MESSAGE_EVENTS,
            "model_request_parameters",
        }
    ),
    read,
)
