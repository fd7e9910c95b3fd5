"""Messages that older GenAI conventions wrote as events of the span, one a message. Pure.

Source: open-telemetry/semantic-conventions v1.28, docs/gen-ai/gen-ai-events.md; v1.27 had one event for the
prompt and one for the completion, and newer ones have one for all details.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outcrop.genai.messages import Chat, Message
from outcrop.json_reading import as_object
from outcrop.semconv import gen_ai
from outcrop.vocabularies.blocks import read_blocks
from outcrop.vocabularies.reading import Event
from outcrop.vocabularies.said import conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import structured

_CHOICE = "gen_ai.choice"
_DETAILS = "gen_ai.client.inference.operation.details"
_PROMPT_EVENT = "gen_ai.content.prompt"
_COMPLETION_EVENT = "gen_ai.content.completion"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    _CHOICE: "assistant",
}


def chat_of_events(events: Sequence[Event]) -> Chat | None:
    """The conversation that a span's events tell; None if they tell none."""
    return _told((event.name, event.attributes) for event in events if event.name.startswith("gen_ai."))


def chat_of_bodies(bodies: Sequence[Any]) -> Chat | None:
    """The same of events that were written into an attribute, each named by its member `event.name`."""
    return _told((str(as_object(body).get("event.name")), as_object(body)) for body in bodies)


def _told(told: Any) -> Chat | None:
    sent: list[Message] = []
    answered: list[Message] = []
    system: list[Any] = []
    tools: list[Any] = []
    for name, members in told:
        if name in _ROLES:
            (answered if name == _CHOICE else sent).extend(_message(name, members))
        elif name in {_DETAILS, _PROMPT_EVENT, _COMPLETION_EVENT}:
            sent.extend(read_messages(members.get(gen_ai.INPUT_MESSAGES, members.get("gen_ai.prompt"))))
            given = members.get(gen_ai.OUTPUT_MESSAGES, members.get("gen_ai.completion"))
            answered.extend(read_messages(given, "assistant"))
            system.extend(read_blocks(structured(members.get(gen_ai.SYSTEM_INSTRUCTIONS))))
            tools.extend(read_tools(members.get(gen_ai.TOOL_DEFINITIONS)))
    return conversation(sent, answered, system=system, tools=tools)


def _message(name: str, members: Mapping[str, Any]) -> list[Message]:
    """The message of an event; attributes of events hold their parts as JSON in text."""
    body = {key: structured(value) for key, value in members.items()}
    body.setdefault("role", _ROLES[name])
    if name == _CHOICE and not as_object(body.get("message")) and "message" in body:
        # Some write the message's content where the message belongs.
        body["content"] = body.pop("message")
    return read_messages(body, _ROLES[name])
