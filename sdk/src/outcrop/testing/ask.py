"""What a request asks of a model, whatever its body's dialect. Read by the operations and dialects.

The default reply answers it, and token counts are estimated from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from outcrop.testing.json_values import JsonObject, as_list, as_object, as_objects, as_text, is_array, to_json

# Binaries and names of roles: they say nothing about how long the text is.
_NO_TEXT_MEMBERS = frozenset({"bytes", "data", "redactedContent", "role"})


@dataclass(frozen=True)
class OfferedTool:
    """A tool that the caller offers, with the JSON schema of its input."""

    name: str
    schema: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Ask:
    """The gist of a request.

    Attributes:
        last_user_text: the newest words of the user.
        tools: tools that the model may ask for now, the likeliest first.
        tool_results: texts of the tool results in the newest message.
        prompt_characters: length of all texts of the prompt, for estimates.
    """

    last_user_text: str = ""
    tools: tuple[OfferedTool, ...] = ()
    tool_results: tuple[str, ...] = ()
    prompt_characters: int = 0


def read_converse(body: JsonObject) -> Ask:
    """The ask of a Converse request; Nova's own body has the same shape."""
    messages = as_objects(body.get("messages"))
    newest = as_objects(messages[-1].get("content")) if messages else []
    config = as_object(body.get("toolConfig"))
    offered = [as_object(tool.get("toolSpec")) for tool in as_objects(config.get("tools"))]
    tools = [
        OfferedTool(as_text(spec.get("name")), as_object(as_object(spec.get("inputSchema")).get("json")))
        for spec in offered
        if spec
    ]
    forced = as_text(as_object(as_object(config.get("toolChoice")).get("tool")).get("name"))
    return Ask(
        last_user_text=last_text(messages),
        tools=tuple(prefer(tools, forced)),
        tool_results=tuple(
            block_text(as_list(block["toolResult"].get("content")))
            for block in newest
            if isinstance(block.get("toolResult"), dict)
        ),
        prompt_characters=characters([body.get("system"), messages, config]),
    )


def last_text(messages: list[JsonObject]) -> str:
    """The newest text of a user; content is a string or a list of blocks with a member `text`."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            text = content if isinstance(content, str) else block_text(_texts_only(content))
            if text:
                return text
    return ""


def block_text(content: list[object]) -> str:
    """The words of content blocks: their text, or their JSON where they hold no text."""
    pieces: list[str] = []
    for item in content:
        block = as_object(item)
        if "text" in block:
            pieces.append(as_text(block["text"]))
        elif "json" in block:
            pieces.append(to_json(block["json"]).decode())
        elif isinstance(item, str):
            pieces.append(item)
    return "\n".join(pieces)


def prefer(tools: list[OfferedTool], name: str) -> list[OfferedTool]:
    """The tools with the named one first."""
    return sorted(tools, key=lambda tool: tool.name != name)


def characters(value: object) -> int:
    """How many characters of text a JSON value holds, binaries left out."""
    if isinstance(value, str):
        return len(value)
    if is_array(value):
        return sum(characters(item) for item in value)
    members = as_object(value)
    return sum(characters(item) for name, item in members.items() if name not in _NO_TEXT_MEMBERS)


def _texts_only(content: object) -> list[object]:
    return [block for block in as_objects(content) if "text" in block]
