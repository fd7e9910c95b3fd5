"""A finished trace as a few lines of text: a tree of spans with model, time, tokens and first words. Pure.

Words of models and programs are stripped of control characters: they end in somebody's terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outcrop.json_reading import as_text
from outcrop.otlp.records import STATUS_ERROR, SpanRecord
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.semconv.span_types import SpanType
from outcrop.views import read_span

_WORDS = 100
_SECOND_NS, _MILLISECOND_NS = 1_000_000_000, 1_000_000
_MODEL_CALLS = frozenset({SpanType.LLM, SpanType.CHAT_MODEL, SpanType.EMBEDDING, SpanType.RERANKER})
_BOLD, _DIM, _RED, _GREEN, _END = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


@dataclass(frozen=True)
class SpanLine:
    """What is printed of a span.

    Attributes:
        trace_id: its trace, 16 bytes.
        span_id: 8 bytes.
        parent_id: 8 bytes, or empty for a root.
        name: what it is called.
        start_ns: nanoseconds since the epoch.
        duration_ns: how long it took.
        is_error: whether it failed.
        details: model, tokens and the like, in the order in which they are printed.
        asked: the first words of what went in; None if there are none.
        answered: the first words of what came out, or what went wrong; None likewise.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    start_ns: int
    duration_ns: int
    is_error: bool
    details: tuple[str, ...]
    asked: str | None
    answered: str | None


def read_line(record: SpanRecord) -> SpanLine:
    """Reads a span as far as it is printed, so that its payload need not be kept."""
    view = read_span(record.attributes)
    details: list[str] = []
    if view.span_type in _MODEL_CALLS and view.request_model and view.request_model not in record.name:
        details.append(view.request_model)
    elif view.span_type not in {*_MODEL_CALLS, SpanType.UNKNOWN}:
        details.append(view.span_type.lower())
    usage = view.usage
    if usage is not None and usage.input_tokens is not None:
        details.append(f"{usage.input_tokens:,} → {usage.output_tokens or 0:,} tokens")
    outcome = as_text(record.attributes.get(names.STREAM_OUTCOME))
    if outcome is not None and outcome != "complete":
        details.append(outcome.replace("_", " "))
    is_error = record.status_code == STATUS_ERROR
    answered = view.response_preview
    if is_error:
        kind = as_text(record.attributes.get(gen_ai.ERROR_TYPE)) or "error"
        answered = f"{kind}: {record.status_message}" if record.status_message else kind
    return SpanLine(
        trace_id=record.trace_id,
        span_id=record.span_id,
        parent_id=record.parent_id,
        name=_readable(record.name),
        start_ns=record.start_ns,
        duration_ns=record.end_ns - record.start_ns,
        is_error=is_error,
        details=tuple(map(_readable, details)),
        asked=_short(view.request_preview),
        answered=_short(answered),
    )


def draw_tree(root: SpanLine, others: Iterable[SpanLine], *, has_colour: bool) -> str:
    """The tree below a span, in order of start; ends with a line break.

    Args:
        root: the topmost span.
        others: its descendants, in any order.
        has_colour: whether the terminal's colours may be used.
    """
    children: dict[bytes, list[SpanLine]] = {}
    for line in sorted(others, key=lambda line: line.start_ns):
        children.setdefault(line.parent_id, []).append(line)
    lines = [*_heading(root, "● ", has_colour)]
    below = bool(children.get(root.span_id))
    lines += _words(root, "│    " if below else "     ", has_colour)
    # By hand and not by recursion: a program may nest its spans as deep as it likes.
    waiting = [(child, "") for child in reversed(children.get(root.span_id, []))]
    last = {siblings[-1].span_id for siblings in children.values()}
    while waiting:
        line, prefix = waiting.pop()
        is_last = line.span_id in last
        inside = prefix + ("   " if is_last else "│  ")
        grandchildren = children.get(line.span_id, [])
        lines += _heading(line, prefix + ("╰─ " if is_last else "├─ "), has_colour)
        lines += _words(line, inside + ("│    " if grandchildren else "     "), has_colour)
        waiting += [(child, inside) for child in reversed(grandchildren)]
    return "\n".join(lines) + "\n"


def _heading(line: SpanLine, prefix: str, has_colour: bool) -> list[str]:
    mark = "✗ " if line.is_error else ""
    details = "  ".join((_duration(line.duration_ns), *line.details))
    if not has_colour:
        return [f"{prefix}{mark}{line.name}  {details}"]
    colour = _RED if line.is_error else _BOLD
    return [f"{_DIM}{prefix}{_END}{colour}{mark}{line.name}{_END}  {_DIM}{details}{_END}"]


def _words(line: SpanLine, prefix: str, has_colour: bool) -> list[str]:
    asked = f"? {line.asked}" if line.asked else None
    answered = f"{'!' if line.is_error else '='} {line.answered}" if line.answered else None
    if not has_colour:
        return [prefix + words for words in (asked, answered) if words]
    colour = _RED if line.is_error else _GREEN
    shown = [f"{_DIM}{prefix}{_END}{asked}"] if asked else []
    return [*shown, f"{_DIM}{prefix}{_END}{colour}{answered}{_END}"] if answered else shown


def _duration(duration_ns: int) -> str:
    if duration_ns >= _SECOND_NS:
        return f"{duration_ns / _SECOND_NS:.2f} s"
    if duration_ns >= _MILLISECOND_NS:
        return f"{duration_ns / _MILLISECOND_NS:.0f} ms"
    return "< 1 ms"


def _short(words: str | None) -> str | None:
    if not words:
        return None
    line = _readable(" ".join(words.split()))
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"


def _readable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "�" for character in text)
