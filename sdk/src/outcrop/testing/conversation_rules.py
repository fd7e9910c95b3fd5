"""What AWS refuses in a Converse request, in its words. Called before a script's reply is taken.

The messages are those that users report from the live service.
"""

from __future__ import annotations

import itertools

from outcrop.testing.errors import ServiceError, ValidationError
from outcrop.testing.json_values import JsonObject, as_object, as_objects, as_text, is_object
from outcrop.testing.recording import RecordedRequest

_START = (
    "A conversation must start with a user message. "
    "Try again with a conversation that starts with a user message."
)
_ALTERNATE = (
    "A conversation must alternate between user and assistant roles. "
    "Make sure the conversation alternates between user and assistant roles and try again."
)


def check_converse(request: RecordedRequest) -> ServiceError | None:
    """The error that AWS answers to this request, or None."""
    if not is_object(request.json):
        return ServiceError("SerializationException", "The request body is not a JSON object.")
    body = request.json
    messages = as_objects(body.get("messages"))
    # A prompt from prompt management brings its own messages.
    if not messages and ":prompt/" in (request.model_id or ""):
        return None
    problem = _roles(messages) or _contents(messages) or _tools(body, messages)
    return ValidationError(problem) if problem else None


def _roles(messages: list[JsonObject]) -> str | None:
    roles = [role for role in (message.get("role") for message in messages) if role != "system"]
    if not roles or roles[0] != "user":
        return _START
    if any(before == after for before, after in itertools.pairwise(roles)):
        return _ALTERNATE
    return None


def _contents(messages: list[JsonObject]) -> str | None:
    for index, message in enumerate(messages):
        blocks = as_objects(message.get("content"))
        if not blocks:
            return (
                f"The content field in the Message object at messages.{index} is empty. "
                "Add a ContentBlock object to the content field and try again."
            )
        for place, block in enumerate(blocks):
            if "text" in block and not as_text(block["text"]).strip():
                return (
                    f"The text field in the ContentBlock object at messages.{index}.content.{place} "
                    "is blank. Add text to the text field, and try again."
                )
    return None


def _tools(body: JsonObject, messages: list[JsonObject]) -> str | None:
    asked: list[str] = []
    seen = False
    for index, message in enumerate(messages):
        uses = _ids(message, "toolUse")
        results = _ids(message, "toolResult")
        seen = seen or bool(uses or results)
        place = f"messages.{index}.content"
        if len(results) > len(asked):
            return (
                f"The number of toolResult blocks at {place} "
                "exceeds the number of toolUse blocks of previous turn."
            )
        missing = [tool_use_id for tool_use_id in asked if tool_use_id not in results]
        if missing:
            return f"Expected toolResult blocks at {place} for the following Ids: {', '.join(missing)}"
        asked = uses if message.get("role") == "assistant" else []
    if seen and not body.get("toolConfig"):
        return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    return None


def _ids(message: JsonObject, kind: str) -> list[str]:
    """Ids of a message's tool calls or results; what AWS runs itself needs no result from the caller."""
    blocks = [as_object(block.get(kind)) for block in as_objects(message.get("content"))]
    return [as_text(block.get("toolUseId")) for block in blocks if block and not block.get("type")]
