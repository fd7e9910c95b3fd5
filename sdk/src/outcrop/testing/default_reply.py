"""What the emulator answers when a model has no script: words about the question, or a tool call.

Made from the ask alone, so a whole agent loop runs without a script.
"""

from __future__ import annotations

from outcrop.testing.ask import Ask
from outcrop.testing.replies import Reply, ToolUse
from outcrop.testing.tool_input import make_input

_QUOTED_CHARACTERS = 200
# About a token: a demo's stream looks like a model's.
_CHUNK_SIZE = 5


def default_reply(ask: Ask, model_id: str, chunk_delay_s: float) -> Reply:
    """An answer that fits the ask.

    Args:
        ask: what the request says.
        model_id: the model that is stood in for; the answer names it.
        chunk_delay_s: seconds between the events of a stream.

    Returns:
        A tool call if tools are offered and none has answered yet, otherwise words.
    """
    if ask.tools and not ask.tool_results:
        tool = ask.tools[0]
        call = ToolUse(tool.name, make_input(tool.schema, ask.last_user_text))
        return Reply(call, chunk_delay_s=chunk_delay_s, chunk_size=_CHUNK_SIZE)
    return Reply(_words(ask, model_id), chunk_delay_s=chunk_delay_s, chunk_size=_CHUNK_SIZE)


def _words(ask: Ask, model_id: str) -> str:
    question = f"“{_shorten(ask.last_user_text)}”" if ask.last_user_text else "your request"
    if ask.tool_results:
        return f"I looked up {question} for you. The tool says: {_shorten(' '.join(ask.tool_results))}"
    return (
        f"You asked {question}. I am the Outcrop emulator standing in for {model_id}, "
        "so no model has read this, but the request and this answer are what a real call looks like."
    )


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS - 1] + "…"
