"""What the emulated model says in the demo: answers that fit the three example programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.testing import Reply, ToolUse

if TYPE_CHECKING:
    from outcrop.testing import BedrockEmulator, RecordedRequest

# The model that the example programs ask.
MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"

_GEOLOGY = (
    "Wind, water and ice carry the loose soil away faster than it forms, until the solid rock beneath lies "
    "open to the sky. Geologists call such a place an **outcrop**: a window through which they read what is "
    "otherwise hidden underground."
)
_STORY = (
    "For ten thousand years the stone said nothing, because nobody had asked it anything. Then a child sat "
    "down on it and said, *you must be tired of holding up the hill.* The stone thought about this through "
    "one whole winter. In spring, when the child came back, it answered in a voice like gravel under a slow "
    "wheel: **I was waiting for someone to share it with.**"
)
_LOOK_UP = "I will look up today's weather there."
_WEATHER = (
    "It is a fine day in San Francisco:\n\n"
    "| | |\n|---|---|\n| Sky | sunny |\n| Temperature | 21 °C |\n| Wind | light, from the sea |\n\n"
    "A good day for a walk along the bay."
)


def teach(emulator: BedrockEmulator) -> None:
    """Lets the emulated model answer the example programs in words that fit."""
    emulator.script(MODEL, _answer)


def _answer(request: RecordedRequest) -> Reply:
    body: Any = request.json
    messages: list[dict[str, Any]] = body["messages"]
    if any("toolResult" in block for block in messages[-1]["content"]):
        return Reply(_WEATHER, latency_s=0.32)
    if "toolConfig" in body:
        tool = body["toolConfig"]["tools"][0]["toolSpec"]["name"]
        return Reply(_LOOK_UP, ToolUse(tool, {"city": "San Francisco, CA"}), latency_s=0.24)
    if request.operation == "ConverseStream":
        return Reply(_STORY, first_chunk_delay_s=0.18, chunk_delay_s=0.02, chunk_size=7)
    return Reply(_GEOLOGY, latency_s=0.41)
