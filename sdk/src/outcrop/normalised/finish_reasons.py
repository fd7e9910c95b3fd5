"""Why a model stopped: the providers' many words in the conventions' few. Pure."""

from __future__ import annotations

from outcrop.genai.stream import Outcome
from outcrop.genai.view import SpanView

ERROR = "error"
# Schemas up to semantic conventions 1.41 demand a reason of each answer, also where the model gives none.
UNKNOWN = "unknown"

_WORDS = {
    "stop": (
        "end_turn",
        "stop_sequence",
        "stop",
        "finish",
        "finished",
        "complete",
        "endoftext",
        "eos",
        "eos_token",
        "stop_criteria_met",
    ),
    "length": ("max_tokens", "length", "model_context_window_exceeded", "error_limit"),
    "tool_call": ("tool_use", "tool_calls", "tool_call", "function_call"),
    "content_filter": (
        "guardrail_intervened",
        "content_filtered",
        "content_filter",
        "refusal",
        "error_toxic",
    ),
    ERROR: ("malformed_model_output", "malformed_tool_use", "error"),
}
_MEANINGS = {word: meaning for meaning, words in _WORDS.items() for word in words}


def conventional_reason(word: str) -> str:
    """The conventions' word for a provider's; a word that is new to us stays as it is."""
    known = word.lower()
    return ERROR if known.startswith("malformed") else _MEANINGS.get(known, word)


def raw_reasons(view: SpanView) -> list[str]:
    """The provider's own words, one an answer that has one."""
    answers = view.chat.output if view.chat is not None else []
    said = [message.finish_reason for message in answers if message.finish_reason]
    return said or ([view.finish_reason] if view.finish_reason else [])


def finish_reasons(view: SpanView) -> list[str]:
    """One an answer, in the conventions' words; `error` for one that was cut off before its end."""
    answers = view.chat.output if view.chat is not None else []
    if view.chat is not None and is_cut_off(view) and not raw_reasons(view):
        return [ERROR] * max(len(answers), 1)
    if not any(message.finish_reason for message in answers):
        return [conventional_reason(word) for word in raw_reasons(view)]
    return [answer_reason(message.finish_reason, view) for message in answers]


def answer_reason(word: str | None, view: SpanView) -> str:
    """The reason of one answer."""
    if word:
        return conventional_reason(word)
    return ERROR if is_cut_off(view) else UNKNOWN


def is_cut_off(view: SpanView) -> bool:
    """Whether the answer's stream did not come to its end."""
    return view.stream is not None and view.stream.outcome != Outcome.COMPLETE
