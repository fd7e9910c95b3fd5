"""Tools that a model was offered, in any provider's form. Pure."""

from __future__ import annotations

from typing import Any

from outcrop.genai.messages import Tool
from outcrop.json_reading import as_list, as_object
from outcrop.vocabularies.values import first, first_text, structured

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parameters_json_schema", "json_schema")


def read_tools(value: Any) -> list[Tool]:
    """Reads a list of tools, or its JSON; each entry may be JSON in text itself."""
    return [read_tool(tool) for tool in as_list(structured(value))]


def read_tool(value: Any) -> Tool:
    """Reads one tool: OpenAI's `function`, Converse's `toolSpec`, Anthropic's and the AI SDK's bare form."""
    source = as_object(structured(value))
    held = as_object(source.get("function")) or as_object(source.get("toolSpec")) or source
    name = first_text(held, "name") or first_text(source, "name", "type") or _only_name(source) or "unknown"
    schema = structured(first(held, *_SCHEMAS))
    # Converse wraps a schema in the one form that it has.
    wrapped = as_object(schema)
    return Tool(
        name, first_text(held, "description"), wrapped["json"] if set(wrapped) == {"json"} else schema
    )


def _only_name(source: dict[str, Any]) -> str | None:
    # Such as Converse's `cachePoint`, which stands among the tools.
    return next(iter(source)) if len(source) == 1 else None
