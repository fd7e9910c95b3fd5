"""What went in and what came out of a span, also where its sender wrote down but the conversation. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outcrop.genai.messages import Chat, Message
    from outcrop.genai.view import SpanView


def inputs_of(view: SpanView) -> Any:
    """What was sent: as it was captured, else the conversation in the GenAI conventions' form."""
    chat = _told_alone(view)
    return view.inputs if view.inputs is not None or chat is None else _sent(chat)


def outputs_of(view: SpanView) -> Any:
    """What came back, likewise."""
    chat = _told_alone(view)
    if view.outputs is not None or chat is None or not chat.output:
        return view.outputs
    return {"messages": [_message(message) for message in chat.output]}


def _told_alone(view: SpanView) -> Chat | None:
    """The conversation of another sender; of Outcrop's own calls, what was not kept stays away."""
    return view.chat if view.stated is not None else None


def _sent(chat: Chat) -> dict[str, Any] | None:
    tools = [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in chat.tools
    ]
    members: dict[str, Any] = {
        "system": chat.system,
        "messages": [_message(message) for message in chat.messages],
        "tools": tools,
        "parameters": chat.parameters,
    }
    return {name: value for name, value in members.items() if value} or None


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "parts": message.parts}
    return said if message.finish_reason is None else {**said, "finish_reason": message.finish_reason}
