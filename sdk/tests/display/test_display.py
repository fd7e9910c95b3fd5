"""How a trace shows itself: `print` and notebooks, for the odd and the huge as well."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

import outcrop
from outcrop.display.markup import MAX_TEXT
from outcrop.entities import (
    AssessmentSource,
    Feedback,
    Span,
    SpanStatus,
    SpanStatusCode,
    SpanType,
    Trace,
    TraceData,
    TraceInfo,
    TraceState,
)
from outcrop.testing import BedrockEmulator, Reasoning, Reply, ToolUse, Usage
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"
VOID = {"img", "br", "meta"}


def span(number: int, parent: int | None = None, **changes: Any) -> Span:
    values: dict[str, Any] = {
        "name": f"span {number}",
        "span_type": SpanType.TOOL,
        "status": SpanStatus(SpanStatusCode.OK),
        "start_time_ns": number * 1_000_000,
        "end_time_ns": number * 1_000_000 + 2_500_000,
        **changes,
    }
    parent_id = None if parent is None else f"{parent:016x}"
    return Span(span_id=f"{number:016x}", trace_id="0" * 32, parent_id=parent_id, **values)


def trace_of(*spans: Span, page_url: str | None = None, **info: Any) -> Trace:
    values: dict[str, Any] = {
        "trace_id": "0" * 32,
        "state": TraceState.OK,
        "request_time": 0,
        "execution_duration": 1240,
        "experiment_name": "/Shared/x",
        **info,
    }
    return Trace(TraceInfo(**values), TraceData(list(spans)), page_url)


class Reader(HTMLParser):
    """Checks that every element is closed where it should be; keeps tags, attributes and text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def html_of(shown: Trace | Span) -> str:
    return shown._repr_html_()  # pyright: ignore[reportPrivateUsage]  # a notebook's protocol


def test_a_trace_prints_as_a_tree_with_status_duration_and_tokens() -> None:
    failed = SpanStatus(SpanStatusCode.ERROR, "'city'")
    call = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 204}
    trace = trace_of(
        span(1, name="agent", span_type="AGENT", end_time_ns=1_240_000_000),
        span(2, 1, name="chat claude", span_type="CHAT_MODEL", attributes=call, end_time_ns=62_000_000_000),
        span(3, 2, name="inner"),
        span(4, 1, name="get_weather", status=failed, attributes={"error.type": "KeyError"}),
        token_usage={"input_tokens": 1000, "output_tokens": 204},
        tags={"team": "blue"},
        session_id="s-1",
        assessments=[
            Feedback("good", value=True, source=AssessmentSource("HUMAN", "ann"), rationale="because")
        ],
        page_url="http://127.0.0.1:5115/traces/1",
    )
    assert str(trace).splitlines() == [
        f"Trace {'0' * 32} · OK · 1.24 s · 1,204 tokens (1,000 in, 204 out) · experiment /Shared/x",
        "session s-1 · team=blue",
        "agent  AGENT  OK  1.24 s",
        "├─ chat claude  CHAT_MODEL  OK  1 min 1 s  1,204 tokens (1,000 in, 204 out)",
        "│  └─ inner  TOOL  OK  2 ms",
        "└─ get_weather  TOOL  ERROR  2 ms  KeyError: 'city'",
        "feedback good = True by HUMAN ann: because",
        "http://127.0.0.1:5115/traces/1",
    ]


def test_a_span_prints_what_went_in_and_what_came_out() -> None:
    shown = str(span(1, inputs={"city": "Oslo"}, outputs="sunny\nand warm"))
    assert shown.splitlines() == [
        "span 1  TOOL  OK  2 ms",
        '  inputs: {"city": "Oslo"}',
        '  outputs: "sunny\\nand warm"',
    ]


def test_orphans_rings_and_spans_that_are_their_own_parents_are_all_shown_once() -> None:
    trace = trace_of(span(1), span(2, 99), span(3, 4), span(4, 3), span(5, 5))
    shown = str(trace)
    for number in range(1, 6):
        assert shown.count(f"span {number}  ") == 1
        assert html_of(trace).count(f"<b>span {number}</b>") == 1


def test_names_cannot_steer_a_terminal() -> None:
    shown = str(trace_of(span(1, name="a\x1b[2J\nb\u202ec", inputs="\x1b]0;title\x07")))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "a\ufffd[2J b\ufffdc" in shown


def test_a_huge_and_deep_trace_is_cut_where_it_says() -> None:
    # Every span below the one before, far deeper than Python's stack.
    deep = trace_of(*(span(number, number - 1 if number > 1 else None) for number in range(1, 5001)))
    text, html = str(deep), html_of(deep)
    assert "… 4,800 more spans" in text
    assert "… 4,800 more spans not shown here" in html
    assert "(175 deeper) span 200" in text
    assert html.count("<details") == 200
    Reader(html)


def test_large_payloads_are_cut_where_they_say() -> None:
    one = html_of(span(1, inputs="x" * 100_000))
    assert f"… {100_000 - MAX_TEXT:,} more characters not shown here" in one
    many = html_of(trace_of(*(span(number, inputs="x" * 100_000) for number in range(1, 201))))
    assert len(many) < 400_000
    assert "not shown here: the trace is large" in many
    messages = [{"role": "user", "parts": [{"type": "text", "content": f"turn {n}"}]} for n in range(100)]
    chat = Reader(html_of(span(1, messages=messages))).text
    assert "… 70 earlier messages not shown here" in chat
    assert "turn 99" in chat
    assert "turn 69" not in chat


def test_nothing_in_a_trace_becomes_markup() -> None:
    message = {
        "role": EVIL,
        "finish_reason": EVIL,
        "parts": [
            {"type": "text", "content": EVIL},
            {"type": "reasoning", "content": EVIL},
            {"type": "tool_call", "name": EVIL, "arguments": {EVIL: EVIL}},
            {"type": "tool_call_response", "id": EVIL, "response": EVIL},
            {"type": "blob", "modality": EVIL, "mime_type": EVIL, "name": EVIL, "content": "AAAA"},
            {"type": "uri", "modality": EVIL, "uri": EVIL},
            {"type": "generic", "value": {EVIL: EVIL}},
            {"type": EVIL},
        ],
    }
    failed = SpanStatus(SpanStatusCode.ERROR, EVIL)
    judged = [Feedback(EVIL, value=EVIL, source=AssessmentSource("CODE", EVIL), rationale=EVIL)]
    evil: dict[str, Any] = {
        "name": EVIL,
        "span_type": EVIL,
        "status": failed,
        "attributes": {"error.type": EVIL},
    }
    trace = trace_of(
        span(1, messages=[message], **evil),
        span(2, 1, inputs={EVIL: EVIL}, outputs=EVIL, **evil),
        page_url="javascript:alert(3)",
        trace_id=EVIL,
        experiment_name=EVIL,
        tags={EVIL: EVIL},
        user_id=EVIL,
        assessments=judged,
    )
    read = Reader(html_of(trace))
    assert set(read.tags) <= {"style", "div", "b", "code", "span", "details", "summary", "pre", "ul", "li"}
    assert {name for name, _ in read.attributes} == {"class", "style"}
    assert read.text.count("<script>alert(1)</script>") >= 20


def test_html_asks_for_nothing_from_elsewhere() -> None:
    html = html_of(trace_of(span(1), page_url='http://h/traces/1"><script>'))
    read = Reader(html)
    assert ("href", 'http://h/traces/1"><script>') in read.attributes
    assert "script" not in read.tags
    style = html[: html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    # Light and dark, by the system and by the themes of notebooks.
    assert "prefers-color-scheme:dark" in style
    assert "data-jp-theme-light" in style


@pytest.mark.parametrize("text", ["\ud83d half", "\x00\x07\x1b", "\u202ehidden", "日本 🪨 \u200d"])
def test_odd_text_is_shown_and_can_be_saved(text: str) -> None:
    html = html_of(trace_of(span(1, name=text, inputs=text, outputs={text: text})))
    html.encode()
    assert not {"\x00", "\x07", "\x1b", "\u202e"} & set(html)
    Reader(html)


def test_a_traced_agent_shows_its_conversation(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(
        MODEL,
        Reply(Reasoning("Hm."), "I will look.", ToolUse("get_weather", {"city": "SF"}), usage=Usage(12, 4)),
    )
    image = {"image": {"format": "png", "source": {"bytes": b"x" * 3000}}}
    with outcrop.start_span("agent", span_type=SpanType.AGENT):
        client.converse(
            modelId=MODEL,
            system=[{"text": "Be brief."}],
            messages=[{"role": "user", "content": [{"text": "Weather?"}, image]}],
        )
    trace = traces.last()
    call = trace.data.spans[1]
    assert [message["role"] for message in call.messages] == ["system", "user", "assistant"]
    text = Reader(html_of(trace)).text
    for words in ("Be brief.", "Weather?", "image · image/png · 3,000 bytes", "Hm.", "I will look.", "SF"):
        assert words in text
    assert "calls get_weather" in text
    assert "12 in, 4 out" in text
    assert "I will look." in Reader(html_of(call)).text


def test_what_went_wrong_stands_on_its_own_line_and_prose_is_set_as_prose() -> None:
    wrong: dict[str, Any] = {
        "status": SpanStatus(SpanStatusCode.ERROR, "no such model"),
        "attributes": {"error.type": "Bad"},
    }
    html = html_of(trace_of(span(1, **wrong), state=TraceState.ERROR))
    assert '<span class="ocp-error">ERROR</span> · 1.24 s' in html
    assert '<span class="ocp-wrong">Bad: no such model</span>' in html
    assert ".ocp-wrong{color:var(--ocp-bad);display:block" in html
    call = {"type": "tool_call", "name": "f", "arguments": {"a": 1}}
    parts = [{"type": "text", "content": "in words"}, call]
    shown = html_of(span(1, messages=[{"role": "assistant", "parts": parts}]))
    assert '<pre class="ocp-text ocp-prose">in words</pre>' in shown
    assert '<pre class="ocp-text">{' in shown


def test_a_span_of_no_known_kind_or_status_claims_none() -> None:
    shown = html_of(span(1, span_type=SpanType.UNKNOWN, status=SpanStatus(SpanStatusCode.UNSET)))
    assert "UNKNOWN" not in shown
    assert '<span class="ocp-ok">' not in shown
    assert '<span class="ocp-facts">UNSET</span>' in shown
