"""Reasoning that a model writes into its answer's text, between tags.

gpt-oss through InvokeModel puts it in `<reasoning>` before the text
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html); DeepSeek-R1 and Qwen
write `<think>`, which DeepSeek's prompt opens itself (.../model-parameters-deepseek.html).
"""

from __future__ import annotations

from outcrop.genai.messages import Part, reasoning_part, text_part

_TAGS = {"<reasoning>": "</reasoning>", "<think>": "</think>"}
THINKING_OPENED = "<think>"


def read_answer_text(text: str, *, is_thinking: bool = False) -> list[Part]:
    """The answer's parts: its reasoning, if it begins with some, and its words.

    Args:
        text: the model's text.
        is_thinking: whether the prompt had opened a `<think>` that the text goes on with.

    Returns:
        One or two parts; a tag that a broken stream left open holds all of the text.
    """
    lead = text.lstrip()
    opening = next((tag for tag in _TAGS if lead.startswith(tag)), None)
    if opening is not None:
        return _split(lead[len(opening) :], _TAGS[opening])
    if is_thinking and "</think>" in text:
        return _split(text, "</think>")
    return [text_part(text)]


def _split(text: str, closing: str) -> list[Part]:
    thought, tag, words = text.partition(closing)
    reasoning = reasoning_part(thought.strip())
    return [reasoning, text_part(words.lstrip())] if tag and words.strip() else [reasoning]
