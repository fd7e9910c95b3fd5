"""The spans of a trace as the lines of a tree, and the words that every form of it uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from outcrop.entities import Assessment, Span, SpanStatusCode, Trace
from outcrop.semconv import gen_ai

_NS_IN_MS, _NS_IN_S = 1_000_000, 1_000_000_000
_S_IN_MINUTE = 60
# Deeper than this a tree is no longer drawn to its depth.
MAX_BARS = 24


class Line(NamedTuple):
    """A span in its place.

    Attributes:
        span: the span.
        depth: how many spans are above it.
        lasts: for it and each span above it below the root, whether it is the last child of its parent;
            of the topmost ones alone where there are very many.
    """

    span: Span
    depth: int = 0
    lasts: tuple[bool, ...] = ()


def tree_lines(spans: Iterable[Span]) -> list[Line]:
    """Every span once, parents before their children, children by start; orphans count as roots."""
    ordered = sorted(spans, key=lambda span: (span.start_time_ns, -span.end_time_ns))
    ids = {span.span_id for span in ordered}
    children: dict[str | None, list[Span]] = {}
    for span in ordered:
        parent = span.parent_id if span.parent_id in ids else None
        children.setdefault(parent, []).append(span)
    lines: list[Line] = []
    seen: set[str] = set()
    # By hand, not by recursion: a trace may be deeper than Python's stack. Spans in a ring have no root,
    # so each that was not met starts a tree of its own.
    for root in (*children.get(None, ()), *ordered):
        waiting = [Line(root)]
        while waiting:
            line = waiting.pop()
            if line.span.span_id in seen:
                continue
            seen.add(line.span.span_id)
            lines.append(line)
            below = children.get(line.span.span_id, [])
            waiting.extend(_below(line, span, span is below[-1]) for span in reversed(below))
    return lines


def _below(line: Line, span: Span, is_last: bool) -> Line:
    lasts = (*line.lasts, is_last) if line.depth < MAX_BARS else line.lasts
    return Line(span, line.depth + 1, lasts)


def duration(nanoseconds: int) -> str:
    """Such as `12 ms`, `1.24 s`, `2 min 5 s`."""
    if nanoseconds < _NS_IN_MS:
        return f"{nanoseconds / _NS_IN_MS:.2f} ms"
    if nanoseconds < _NS_IN_S:
        return f"{nanoseconds // _NS_IN_MS} ms"
    seconds = nanoseconds / _NS_IN_S
    if seconds < _S_IN_MINUTE:
        return f"{seconds:.2f} s"
    return f"{int(seconds // _S_IN_MINUTE)} min {int(seconds % _S_IN_MINUTE)} s"


def span_tokens(span: Span) -> str:
    """Such as `1,204 tokens (1,000 in, 204 out)`; empty for spans that asked no model."""
    return tokens(
        {
            "input_tokens": span.attributes.get(gen_ai.USAGE_INPUT_TOKENS),
            "output_tokens": span.attributes.get(gen_ai.USAGE_OUTPUT_TOKENS),
        }
    )


def tokens(usage: Mapping[str, Any] | None) -> str:
    """The same from counts by name."""
    counts = [(usage or {}).get(name) for name in ("input_tokens", "output_tokens")]
    known = [count for count in counts if isinstance(count, int)]
    if not known:
        return ""
    parts = [
        f"{count:,} {way}" for count, way in zip(counts, ("in", "out"), strict=True) if isinstance(count, int)
    ]
    return f"{sum(known):,} tokens ({', '.join(parts)})"


def failure(span: Span) -> str:
    """What went wrong; empty if nothing did."""
    if span.status.status_code is not SpanStatusCode.ERROR:
        return ""
    kind = span.attributes.get(gen_ai.ERROR_TYPE)
    return ": ".join(str(part) for part in (kind, span.status.description) if part)


def headline(trace: Trace) -> list[str]:
    """State, duration, tokens and experiment."""
    info = trace.info
    return [
        info.state.value,
        duration(info.execution_duration * _NS_IN_MS),
        *filter(None, [tokens(info.token_usage)]),
        f"experiment {info.experiment_name}",
    ]


def labels(trace: Trace) -> list[str]:
    """Session, user and tags."""
    info = trace.info
    return [
        *([f"session {info.session_id}"] if info.session_id else []),
        *([f"user {info.user_id}"] if info.user_id else []),
        *(f"{key}={value}" for key, value in info.tags.items()),
    ]


def judgement(assessment: Assessment) -> str:
    """A judgement in a line."""
    source = assessment.source
    by = f" by {source.source_type} {source.source_id}" if source else ""
    where = f" on span {assessment.span_id}" if assessment.span_id else ""
    why = f": {assessment.rationale}" if assessment.rationale else ""
    return f"{assessment.kind} {assessment.name} = {assessment.value!r}{by}{where}{why}"


def one_line(text: str, limit: int) -> str:
    """Text that can do no harm in a terminal or a list: one line, printable, and not too long."""
    # More than this is never shown, so the rest need not be looked at.
    short = " ".join(text[: 2 * limit].split())
    clean = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short
    )
    return clean if len(clean) <= limit and len(text) <= 2 * limit else clean[: limit - 1] + "…"
