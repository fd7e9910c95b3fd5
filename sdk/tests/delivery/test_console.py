"""The console: each finished trace as a tree, printed off the program's thread, with colour on terminals."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import outcrop
from outcrop.delivery.console import ConsoleDestination
from outcrop.delivery.console_tree import SpanLine, draw_tree, read_line
from outcrop.entities import SpanType
from outcrop.otlp.records import SpanRecord
from outcrop.runtime import get_runtime
from outcrop.testing import BedrockEmulator, Reply, Throttling, ToolUse, Usage

NOVA = "amazon.nova-lite-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Is it\n warm?"}]}]


class Screen(io.TextIOWrapper):
    """A standard error that says whether it is a terminal."""

    def __init__(self, *, is_terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def console(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleDestination]:
    """Traces go to the screen."""
    made = ConsoleDestination(screen)
    monkeypatch.setattr(get_runtime(), "destination", made)
    outcrop.bedrock.autolog(silent=True)
    yield made
    outcrop.bedrock.autolog(disable=True)


def _steady(text: str) -> str:
    """Without the times, which differ."""
    return re.sub(r"\d+ ms|< 1 ms|\d+\.\d\d s", "T", text)


def test_an_agent_is_one_tree(
    bedrock_emulator: BedrockEmulator, client: Any, console: ConsoleDestination, screen: Screen
) -> None:
    replies = Reply(ToolUse("get_weather"), usage=Usage(1200, 4)), Reply("No, cold.", usage=Usage(30, 5))
    bedrock_emulator.script(NOVA, *replies)
    with outcrop.start_span("agent", SpanType.AGENT) as span:
        span.set_inputs({"question": "Is it warm?"})
        client.converse(modelId=NOVA, messages=HELLO)
        with outcrop.start_span("get_weather", SpanType.TOOL) as tool:
            tool.set_inputs({"city": "Oslo"})
            tool.set_outputs(7)
        # Nothing is printed before the root has ended, so a flush is not needed to keep it together.
        list(client.converse_stream(modelId=NOVA, messages=HELLO)["stream"])
        span.set_outputs("No.")
    assert console.flush(10)
    assert _steady(screen.text).splitlines() == [
        "● agent  T  agent",
        "│    ? Is it warm?",
        "│    = No.",
        f"├─ chat {NOVA}  T  1,200 → 4 tokens",
        "│       ? Is it warm?",
        "│       = → get_weather",
        "├─ get_weather  T  tool",
        "│       ? Oslo",
        "│       = 7",
        f"╰─ chat {NOVA}  T  30 → 5 tokens",
        "        ? Is it warm?",
        "        = No, cold.",
    ]


def test_a_failed_call_says_what_went_wrong(
    bedrock_emulator: BedrockEmulator, client: Any, console: ConsoleDestination, screen: Screen
) -> None:
    bedrock_emulator.script(NOVA, Throttling())
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(modelId=NOVA, messages=HELLO)
    console.flush(10)
    heading, asked, wrong = screen.text.splitlines()
    assert heading.startswith(f"● ✗ chat {NOVA}")
    assert asked == "     ? Is it warm?"
    assert wrong.startswith("     ! ThrottlingException: ")


def test_a_stream_that_its_reader_leaves_says_so(
    client: Any, console: ConsoleDestination, screen: Screen
) -> None:
    stream = client.converse_stream(modelId=NOVA, messages=HELLO)["stream"]
    next(iter(stream))
    stream.close()
    console.flush(10)
    assert "cancelled" in screen.text.splitlines()[0]


def test_each_trace_is_printed_when_its_own_root_ends(console: ConsoleDestination, screen: Screen) -> None:
    with outcrop.start_span("first"):
        pass
    with outcrop.start_span("second"), outcrop.start_span("inner"):
        pass
    console.flush(10)
    assert _steady(screen.text) == "● first  T\n● second  T\n╰─ inner  T\n"


def test_a_child_that_ends_after_its_root_is_printed_by_itself(
    client: Any, console: ConsoleDestination, screen: Screen
) -> None:
    with outcrop.start_span("root"):
        stream = client.converse_stream(modelId=NOVA, messages=HELLO)["stream"]
        first = next(iter(stream))
    assert "messageStart" in first
    list(stream)
    console.flush(10)
    names = [line.split("  ")[0] for line in screen.text.splitlines() if line.startswith("●")]
    assert names == ["● root", f"● chat {NOVA}"]


def test_a_flush_prints_children_whose_root_still_runs(console: ConsoleDestination, screen: Screen) -> None:
    with outcrop.start_span("root"):
        with outcrop.start_span("step"), outcrop.start_span("inner"):
            pass
        console.flush(10)
        assert _steady(screen.text) == "● step  T\n╰─ inner  T\n"
    console.flush(10)
    assert _steady(screen.text) == "● step  T\n╰─ inner  T\n● root  T\n"


@pytest.mark.parametrize(
    ("is_terminal", "no_color", "has_colour"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_colour_is_for_terminals_whose_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, no_color: str, has_colour: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(is_terminal=is_terminal)
    console = ConsoleDestination(screen)
    monkeypatch.setattr(get_runtime(), "destination", console)
    with outcrop.start_span("step"):
        pass
    console.flush(10)
    assert "step" in screen.text
    assert ("\x1b[" in screen.text) is has_colour


def test_an_old_console_gets_question_marks_and_words_cannot_steer_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(encoding="ascii")
    console = ConsoleDestination(screen)
    monkeypatch.setattr(get_runtime(), "destination", console)
    with outcrop.start_span("step\x1b[2J") as span:
        span.set_inputs("clear \x1b]0;title\x07 me")
    console.flush(10)
    assert "\x1b" not in screen.text
    assert "\x07" not in screen.text
    assert screen.text.startswith("? step?[2J")


def test_long_words_are_cut_and_depth_is_no_matter() -> None:
    attributes = {"outcrop.span.inputs": '"' + "word " * 100 + '"'}
    record = SpanRecord(b"t" * 16, bytes(8), b"", "deep", 1, 0, 5, 1, "", attributes, [], "", "")
    root = read_line(record)
    assert root.asked is not None
    assert len(root.asked) == 100
    ids = [n.to_bytes(8, "big") for n in range(2_000)]
    below = [
        SpanLine(b"t" * 16, own, above, "inner", 0, 5, False, (), None, None) for above, own in pairwise(ids)
    ]
    assert len(draw_tree(root, below, has_colour=False).splitlines()) == 2 + len(below)


def test_a_trace_cannot_be_read_back_and_the_message_says_why(console: ConsoleDestination) -> None:
    with pytest.raises(outcrop.OutcropError, match="The console cannot give traces back"):
        console.read_trace("0" * 32)


def test_what_is_printed_counts_as_sent(console: ConsoleDestination) -> None:
    with outcrop.start_span("root"), outcrop.start_span("inner"):
        pass
    console.flush(10)
    assert (console.stats().sent, console.stats().waiting) == (2, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system has no fork.")
def test_a_forked_child_prints_its_own_spans_and_the_parent_its_own() -> None:
    program = (
        "import os, sys, outcrop\n"
        "with outcrop.start_span('before'): pass\n"
        "outcrop.flush()\n"
        "with outcrop.start_span('around'):\n"
        "    with outcrop.start_span('inner'): pass\n"
        "    child = os.fork()\n"
        "    if child: os.waitpid(child, 0)\n"
        "if not child: sys.exit()\n"
        "with outcrop.start_span('after'): pass\n"
    )
    printed = _run(program, "console")
    # The child ends its copy of `around` too, without the child that the parent prints.
    assert printed == ["● before", "● around", "● around", "╰─ inner", "● after"]


def test_redacted_spans_are_printed_as_they_would_be_sent(
    console: ConsoleDestination, screen: Screen
) -> None:
    with outcrop.keeping(content="metadata"), outcrop.start_span("step") as span:
        span.set_inputs("a secret")
    console.flush(10)
    assert _steady(screen.text) == "● step  T\n"


@pytest.mark.parametrize("uri", ["console", "console://"])
def test_the_tracking_uri_prints_a_program_s_traces_even_at_its_very_end(uri: str) -> None:
    program = (
        "import outcrop, sys\n"
        "assert 'outcrop.delivery.console' not in sys.modules\n"
        "@outcrop.trace\n"
        "def greet(name): return 'Hello ' + name\n"
        "greet('you')\n"
    )
    assert _run(program, uri) == ["● greet", "     ? you", "     = Hello you"]


def _run(program: str, uri: str) -> list[str]:
    """What a program prints on standard error, without times and kinds."""
    env = {**os.environ, "OUTCROP_TRACKING_URI": uri, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-W", "ignore", "-c", program],
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert done.stdout == ""
    return [line if line.startswith("  ") else line.split("  ")[0] for line in done.stderr.splitlines()]


def test_a_span_that_ends_at_exit_with_no_thread_to_be_had_is_printed(
    console: ConsoleDestination, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with outcrop.start_span("last"):
        pass
    assert screen.text == ""
    console.shutdown(10)
    assert _steady(screen.text) == "● last  T\n"
