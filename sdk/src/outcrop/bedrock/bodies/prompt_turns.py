"""Turns in a prompt: a text model's conversation, marked with the vendor's own tokens.

Shown as messages when the prompt parses cleanly, else as one message of the user. Sources:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html,
model-parameters-anthropic-claude-text-completion.html, model-parameters-deepseek.html and
model-parameters-mistral-text-completion.html beside it; ChatML is Qwen's, used by imported models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

from outcrop.genai.messages import Message, Part, text_part

_ROLES = {
    "human": "user",
    "user": "user",
    "inst": "user",
    "assistant": "assistant",
    "/inst": "assistant",
    "system": "system",
    "ipython": "tool",
    "tool": "tool",
}


@dataclass(frozen=True)
class Markup:
    """How turns are marked.

    Attributes:
        header: what begins a turn; its first group is the role.
        noise: tokens that carry no words.
        has_preamble: whether text before the first turn is the system's.
    """

    header: re.Pattern[str]
    noise: re.Pattern[str]
    has_preamble: bool = False


_NOTHING = re.compile(r"(?!)")
CLAUDE = Markup(re.compile(r"(?:^|\n\n)(Human|Assistant):"), _NOTHING, has_preamble=True)
_TOKENS = (
    Markup(
        re.compile(r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>"),
        re.compile(r"<\|(?:begin_of_text|eot_id|eom_id|end_of_text)\|>"),
    ),
    Markup(
        re.compile(r"<\|header_start\|>\s*(\w+)\s*<\|header_end\|>"),
        re.compile(r"<\|(?:begin_of_text|eot|eom|end_of_text)\|>"),
    ),
    Markup(re.compile(r"<\|im_start\|>(\w+)"), re.compile(r"<\|im_end\|>")),
    # DeepSeek's tokens are written with a wide bar and a low block.
    Markup(
        re.compile(r"<\uff5c(User|Assistant)\uff5c>"),
        re.compile(r"<\uff5c(?:begin|end)\u2581of\u2581sentence\uff5c>|<think>\s*\Z"),
        has_preamble=True,
    ),
    Markup(re.compile(r"\[(/?INST)\]"), re.compile(r"</?s>")),
)


def read_prompt(prompt: str, markup: Markup | None = None) -> tuple[list[Part], list[Message]]:
    """The system's parts and the messages of a prompt.

    Args:
        prompt: the whole prompt.
        markup: a vendor's marks that are ordinary words elsewhere; special tokens are always known.

    Returns:
        The turns, an empty last one of the assistant left out; or the prompt as one user's message.
    """
    for known in (*_TOKENS, *([markup] if markup else [])):
        turns = _split(prompt, known)
        if turns:
            system = [text_part(text) for role, text in turns if role == "system"]
            messages = [Message(role, [text_part(text)]) for role, text in turns if role != "system"]
            return system, messages
    return [], [Message("user", [text_part(prompt)])]


def _split(prompt: str, markup: Markup) -> list[tuple[str, str]] | None:
    headers = list(markup.header.finditer(prompt))
    if not headers:
        return None
    preamble = markup.noise.sub("", prompt[: headers[0].start()]).strip()
    if preamble and not markup.has_preamble:
        return None
    turns = [("system", preamble)] if preamble else []
    for header, following in zip_longest(headers, headers[1:]):
        role = _ROLES.get(header.group(1).lower())
        if role is None:
            return None
        text = prompt[header.end() : following.start() if following else len(prompt)]
        text = markup.noise.sub("", text).strip()
        if text:
            turns.append((role, text))
    return turns
