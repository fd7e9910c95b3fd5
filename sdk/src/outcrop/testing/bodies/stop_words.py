"""Stop reasons in the words of each vendor, from Converse's. An unknown word stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPENAI: Mapping[str, str] = MappingProxyType(
    {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "max_tokens": "length",
        "tool_use": "tool_calls",
        "content_filtered": "content_filter",
    }
)
LLAMA: Mapping[str, str] = MappingProxyType(
    {"end_turn": "stop", "stop_sequence": "stop", "tool_use": "stop", "max_tokens": "length"}
)
TITAN: Mapping[str, str] = MappingProxyType(
    {
        "end_turn": "FINISH",
        "tool_use": "FINISH",
        "stop_sequence": "STOP_CRITERIA_MET",
        "max_tokens": "LENGTH",
        "content_filtered": "CONTENT_FILTERED",
    }
)
CLAUDE_TEXT: Mapping[str, str] = MappingProxyType({"end_turn": "stop_sequence", "tool_use": "stop_sequence"})
COHERE: Mapping[str, str] = MappingProxyType(
    {
        "end_turn": "COMPLETE",
        "stop_sequence": "COMPLETE",
        "tool_use": "COMPLETE",
        "max_tokens": "MAX_TOKENS",
        "content_filtered": "ERROR_TOXIC",
    }
)
JURASSIC: Mapping[str, str] = MappingProxyType(
    {"end_turn": "endoftext", "tool_use": "endoftext", "stop_sequence": "stop", "max_tokens": "length"}
)


def in_words_of(vendor: Mapping[str, str], stop_reason: str) -> str:
    """A stop reason as the vendor says it."""
    return vendor.get(stop_reason, stop_reason)
