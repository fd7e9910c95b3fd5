"""What guardrails count: text units of a thousand characters, and how much of a text they looked at."""

from __future__ import annotations

from outcrop.testing.json_values import JsonObject, as_object, as_objects, as_text

_CHARACTERS_PER_UNIT = 1000
# Every policy that looks at text is charged by text unit; grounding needs a source and a query.
_TEXT_POLICIES = (
    "topicPolicyUnits",
    "contentPolicyUnits",
    "wordPolicyUnits",
    "sensitiveInformationPolicyUnits",
    "sensitiveInformationPolicyFreeUnits",
)


def text_units(characters: int) -> int:
    """Text units of a text; none for no text."""
    return -(-characters // _CHARACTERS_PER_UNIT)


def count_units(content: object) -> JsonObject:
    """`usage` of ApplyGuardrail for a list of guardrail content blocks."""
    units = text_units(_characters(content))
    grounded = any("grounding_source" in block.get("qualifiers", ()) for block in _texts(content))
    usage: JsonObject = dict.fromkeys(_TEXT_POLICIES, units)
    usage["contextualGroundingPolicyUnits"] = units if grounded else 0
    usage["contentPolicyImageUnits"] = _images(content)
    return usage


def coverage(content: object) -> JsonObject:
    """`guardrailCoverage`: all of it was looked at."""
    characters, images = _characters(content), _images(content)
    covered: JsonObject = {"textCharacters": {"guarded": characters, "total": characters}}
    if images:
        covered["images"] = {"guarded": images, "total": images}
    return covered


def _texts(content: object) -> list[JsonObject]:
    return [as_object(block["text"]) for block in as_objects(content) if "text" in block]


def _characters(content: object) -> int:
    return sum(len(as_text(block.get("text"))) for block in _texts(content))


def _images(content: object) -> int:
    return sum("image" in block for block in as_objects(content))
