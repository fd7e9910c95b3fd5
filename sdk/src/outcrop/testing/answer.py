"""A reply made concrete for one call: ids given, stop reason derived, tokens counted.

Made from a `Reply` and what the request asked; the operations and dialects write it out.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from outcrop.testing.ask import Ask, characters
from outcrop.testing.json_values import to_json
from outcrop.testing.replies import Block, RawBlock, Reasoning, Reply, Text, ToolUse, Usage

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Answer:
    """One model's answer to one request.

    Attributes:
        model_id: the model as the caller named it.
        blocks: what it says; every ToolUse has its id.
        stop_reason: in Converse's words, or as the script gave it.
        usage: its tokens.
        reply: what it was made from: timing and further members.
        started_ns: when the request arrived, on the monotonic clock.
    """

    model_id: str
    blocks: tuple[Block, ...]
    stop_reason: str
    usage: Usage
    reply: Reply
    started_ns: int

    @property
    def text(self) -> str:
        """The answer's words alone."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def reasoning(self) -> str:
        """The thinking's words alone."""
        return "".join(block.text for block in self.blocks if isinstance(block, Reasoning))

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """The tools it asks for."""
        return tuple(block for block in self.blocks if isinstance(block, ToolUse))

    @property
    def completion(self) -> str:
        """The whole answer as one text, for dialects that have nothing else: a tool call is its JSON."""
        calls = [to_json({"name": use.name, "parameters": use.input}).decode() for use in self.tool_uses]
        return "\n".join([text for text in [self.text] if text] + calls)

    def latency_ms(self) -> int:
        """Milliseconds since the request arrived."""
        return max(1, (time.monotonic_ns() - self.started_ns) // 1_000_000)

    def pieces(self, text: str) -> Iterator[str]:
        """A text cut into the deltas of a stream; an empty one has none."""
        size = self.reply.chunk_size
        return (text[start : start + size] for start in range(0, len(text), size))


def make_answer(reply: Reply, ask: Ask, model_id: str, started_ns: int) -> Answer:
    """Fill in what the reply leaves open."""
    blocks = tuple(_with_id(block) for block in reply.blocks)
    derived = "tool_use" if any(isinstance(block, ToolUse) for block in blocks) else "end_turn"
    return Answer(
        model_id=model_id,
        blocks=blocks,
        stop_reason=reply.stop_reason or derived,
        usage=reply.usage or _estimate(ask, blocks),
        reply=reply,
        started_ns=started_ns,
    )


def estimate_tokens(length: int) -> int:
    """About as many tokens as a text of this many characters has; never none."""
    return max(1, -(-length // _CHARACTERS_PER_TOKEN))


def _with_id(block: Block) -> Block:
    if isinstance(block, ToolUse) and block.tool_use_id is None:
        return replace(block, tool_use_id=f"tooluse_{secrets.token_urlsafe(16)}")
    return block


def _estimate(ask: Ask, blocks: tuple[Block, ...]) -> Usage:
    length = sum(_length(block) for block in blocks)
    return Usage(estimate_tokens(ask.prompt_characters), estimate_tokens(length))


def _length(block: Block) -> int:
    if isinstance(block, ToolUse):
        return len(block.name) + len(to_json(block.input))
    if isinstance(block, RawBlock):
        return characters(dict(block.block))
    return len(block.text)
