"""An input for a tool, made up from its JSON schema and the user's words. For the default reply."""

from __future__ import annotations

import re

from outcrop.testing.json_values import JsonObject, as_list, as_object, as_objects, as_text

_DEPTH_LIMIT = 8
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# A name is a run of capitalised words ("New York") or of Chinese characters and katakana ("東京").
_NAME = re.compile(r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)*|[\u30a0-\u30ff\u4e00-\u9fff]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+)[A-Z][\w'\u2019]*")


def make_input(schema: JsonObject, prompt: str) -> JsonObject:
    """An input that fits the schema's outline: its required properties, or the first one if none is.

    Args:
        schema: JSON schema of an object.
        prompt: the user's words, from which a name or a number is taken.

    Returns:
        The input as a JSON object.
    """
    return _object(schema, prompt, 0)


def likely_name(prompt: str) -> str:
    """A word that looks like a name, otherwise the last word; for example the city in a question."""
    # The first word of a sentence is capitalised for another reason.
    inside = _SENTENCE_START.sub("", prompt)
    found = _NAME.search(inside)
    if found:
        return found.group()
    words = re.findall(r"\w+", prompt)
    return words[-1] if words else "example"


def _object(schema: JsonObject, prompt: str, depth: int) -> JsonObject:
    properties = as_object(schema.get("properties"))
    names = [name for name in as_list(schema.get("required")) if name in properties] or list(properties)[:1]
    return {name: _value(as_object(properties[name]), prompt, depth + 1) for name in names}


def _value(schema: JsonObject, prompt: str, depth: int) -> object:
    for chosen in (schema.get("const"), schema.get("default"), *as_list(schema.get("enum"))[:1]):
        if chosen is not None:
            return chosen
    for options in (schema.get("anyOf"), schema.get("oneOf")):
        if as_objects(options) and depth < _DEPTH_LIMIT:
            return _value(as_objects(options)[0], prompt, depth + 1)
    kinds = schema.get("type")
    kind = as_text(as_list(kinds)[0]) if as_list(kinds) else as_text(kinds)
    if depth < _DEPTH_LIMIT:
        if kind == "object":
            return _object(schema, prompt, depth)
        if kind == "array":
            return [_value(as_object(schema.get("items")), prompt, depth + 1)]
    return _scalar(kind, prompt)


def _scalar(kind: str, prompt: str) -> object:
    number = _NUMBER.search(prompt)
    if kind == "integer":
        return int(float(number.group())) if number else 1
    if kind == "number":
        return float(number.group()) if number else 1.0
    if kind == "boolean":
        return True
    return None if kind == "null" else likely_name(prompt)
