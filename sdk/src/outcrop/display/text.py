"""A trace as text: what `print` shows."""

from __future__ import annotations

import json
from typing import Any

from outcrop.display.tree import (
    Line,
    duration,
    failure,
    headline,
    judgement,
    labels,
    one_line,
    span_tokens,
    tree_lines,
)
from outcrop.entities import Span, Trace

MAX_SPANS = 200
_MAX_ASSESSMENTS = 20
_NAME, _LINE, _VALUE = 80, 200, 1000


def trace_text(trace: Trace) -> str:
    """A head, then a line a span, then the judgements; what is left out is said."""
    lines = tree_lines(trace.data.spans)
    assessments = trace.info.assessments
    shown = [
        f"Trace {trace.info.trace_id} · " + one_line(" · ".join(headline(trace)), _LINE),
        *([one_line(" · ".join(labels(trace)), _LINE)] if labels(trace) else []),
        *(_branch(line) + _span_line(line.span) for line in lines[:MAX_SPANS]),
        *_more(len(lines) - MAX_SPANS, "span"),
        *(one_line(judgement(each), _LINE) for each in assessments[:_MAX_ASSESSMENTS]),
        *_more(len(assessments) - _MAX_ASSESSMENTS, "assessment"),
        *([trace.page_url] if trace.page_url else []),
    ]
    return "\n".join(shown)


def span_text(span: Span) -> str:
    """A line for the span, then what went in and what came out."""
    shown = [_span_line(span)]
    for label, value in (("inputs", span.inputs), ("outputs", span.outputs)):
        if value is not None:
            shown.append(f"  {label}: {one_line(_json(value), _VALUE)}")
    return "\n".join(shown)


def _span_line(span: Span) -> str:
    parts = [
        one_line(span.name, _NAME),
        one_line(span.span_type, _NAME),
        span.status.status_code.value,
        duration(span.end_time_ns - span.start_time_ns),
        span_tokens(span),
        one_line(failure(span), _LINE),
    ]
    return "  ".join(part for part in parts if part)


def _branch(line: Line) -> str:
    if not line.lasts:
        return ""
    bars = "".join("   " if is_last else "│  " for is_last in line.lasts[:-1])
    hidden = line.depth - len(line.lasts)
    return bars + ("└─ " if line.lasts[-1] else "├─ ") + (f"({hidden} deeper) " if hidden else "")


def _more(count: int, what: str) -> list[str]:
    if count <= 0:
        return []
    return [f"… {count:,} more {what}{'' if count == 1 else 's'}"]


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return "(no form as text)"
