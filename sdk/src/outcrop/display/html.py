"""A trace as HTML: what a notebook shows. Complete in itself: no script, no file or address is loaded.

Everything from a trace is escaped, and cut at limits that are said where they cut.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from outcrop.display.chat_html import json_html, message_html
from outcrop.display.markup import Budget, escaped, more
from outcrop.display.style import STYLE
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
from outcrop.entities import Span, SpanStatusCode, SpanType, Trace, TraceState

MAX_SPANS = 200
MAX_MESSAGES = 30
_MAX_ASSESSMENTS = 50
_NAME, _LINE = 120, 300
# Characters of payload in one trace: a notebook keeps all that it shows in its file.
_BUDGET = 200_000
# A span without a status claims neither.
_ENDED = {SpanStatusCode.ERROR: "ocp-error", SpanStatusCode.OK: "ocp-ok"}


def trace_html(trace: Trace) -> str:
    """Head, tree with each span's conversation to unfold, judgements, and a link to the page."""
    budget = Budget(_BUDGET)
    lines = tree_lines(trace.data.spans)
    assessments = trace.info.assessments
    tags = "".join(
        f'<span class="ocp-label">{escaped(one_line(each, _LINE))}</span>' for each in labels(trace)
    )
    judged = "".join(
        f"<li>{escaped(one_line(judgement(each), _LINE))}</li>" for each in assessments[:_MAX_ASSESSMENTS]
    )
    state, *facts = headline(trace)
    look = "ocp-error" if trace.info.state is TraceState.ERROR else "ocp-state"
    head = f'<span class="{look}">{escaped(state)}</span>'
    head += " · " + escaped(one_line(" · ".join(facts), _LINE)) + _link(trace.page_url)
    parts = [
        f'<div class="ocp-head"><b>Trace</b> <code>{escaped(trace.info.trace_id)}</code> {head}</div>',
        f'<div class="ocp-labels">{tags}</div>' if tags else "",
        *(_row(line, budget) for line in lines[:MAX_SPANS]),
        more(len(lines) - MAX_SPANS, "span"),
        f'<ul class="ocp-judged">{judged}</ul>' if judged else "",
        more(len(assessments) - _MAX_ASSESSMENTS, "assessment"),
    ]
    return _page("".join(parts))


def span_html(span: Span) -> str:
    """A span with its conversation, or with what went in and came out."""
    return _page(_row(Line(span), Budget(_BUDGET), is_open=True))


def _page(inner: str) -> str:
    return f'<style>{STYLE}</style><div class="ocp">{inner}</div>'


def _link(url: str | None) -> str:
    if url is None or urlsplit(url).scheme not in {"http", "https"}:
        return ""
    return f' <a href="{escaped(url)}" target="_blank" rel="noopener noreferrer">Open the page</a>'


def _row(line: Line, budget: Budget, *, is_open: bool = False) -> str:
    span, status = line.span, line.span.status.status_code
    wrong = failure(span)
    facts = [duration(span.end_time_ns - span.start_time_ns), span_tokens(span)]
    summary = "".join(
        [
            f"<b>{escaped(one_line(span.name, _NAME))}</b>",
            _type(span),
            f' <span class="{_ENDED.get(status, "ocp-facts")}">{status.value}</span>',
            f' <span class="ocp-facts">{escaped(" · ".join(filter(None, facts)))}</span>',
            f' <span class="ocp-wrong">{escaped(one_line(wrong, _LINE))}</span>' if wrong else "",
        ]
    )
    return (
        f'<details style="margin-left:{len(line.lasts) * 1.25:g}em"{" open" if is_open else ""}>'
        f'<summary>{summary}</summary><div class="ocp-body">{_content(span, budget)}</div></details>'
    )


def _type(span: Span) -> str:
    """The kind of span, where there is one to tell."""
    if span.span_type == SpanType.UNKNOWN:
        return ""
    return f' <span class="ocp-type">{escaped(one_line(span.span_type, _NAME))}</span>'


def _content(span: Span, budget: Budget) -> str:
    if span.messages:
        # The newest say most: of a long conversation the end is shown.
        shown = span.messages[-MAX_MESSAGES:]
        left_out = more(len(span.messages) - len(shown), "message", "earlier")
        return left_out + "".join(message_html(message, budget) for message in shown)
    parts = [
        f'<div class="ocp-role">{label}</div>{json_html(value, budget)}'
        for label, value in (("inputs", span.inputs), ("outputs", span.outputs))
        if value is not None
    ]
    return "".join(parts) or '<div class="ocp-more">No payload.</div>'
