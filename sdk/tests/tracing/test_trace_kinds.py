"""Everything that `@outcrop.trace` may stand above, and what it refuses."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

import pytest

import outcrop
from outcrop.testing.traces import CapturedTraces


class Agent:
    @outcrop.trace
    @classmethod
    def above_class(cls, name: str) -> tuple[type[Agent], str]:
        return cls, name

    @classmethod
    @outcrop.trace(span_type="AGENT")
    def below_class(cls, name: str) -> tuple[type[Agent], str]:
        return cls, name

    @outcrop.trace(name="renamed")
    @staticmethod
    def above_static(name: str) -> str:
        return name

    @staticmethod
    @outcrop.trace
    def below_static(name: str) -> str:
        return name

    @outcrop.trace
    @classmethod
    async def later(cls, name: str) -> tuple[type[Agent], str]:
        await asyncio.sleep(0)
        return cls, name


class Sub(Agent):
    pass


class Adder:
    def __call__(self, left: int, right: int) -> int:
        return left + right


class LaterAdder:
    async def __call__(self, left: int, right: int) -> int:
        await asyncio.sleep(0)
        return left + right


def test_class_and_static_methods_in_either_order(traces: CapturedTraces) -> None:
    assert Sub.above_class("a") == (Sub, "a")
    assert Sub().below_class("b") == (Sub, "b")
    assert Agent.above_static("c") == Agent().above_static("c") == "c"
    assert Agent.below_static("d") == Agent().below_static("d") == "d"
    assert asyncio.run(Sub.later("e")) == (Sub, "e")
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert [(span.name, span.inputs["name"]) for span in spans] == [
        ("above_class", "a"),
        ("below_class", "b"),
        ("renamed", "c"),
        ("renamed", "c"),
        ("below_static", "d"),
        ("below_static", "d"),
        ("later", "e"),
    ]
    assert all(list(span.inputs) == ["name"] for span in spans)


def test_callable_objects_and_partials(traces: CapturedTraces) -> None:
    assert outcrop.trace(Adder())(1, right=2) == 3
    assert asyncio.run(outcrop.trace(LaterAdder())(1, right=2)) == 3
    assert outcrop.trace(functools.partial(max, 1))(2, 3) == 3
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert [(span.name, span.outputs) for span in spans] == [("Adder", 3), ("LaterAdder", 3), ("partial", 3)]
    assert spans[0].inputs == spans[1].inputs == {"left": 1, "right": 2}
    assert spans[2].inputs == {"args": [2, 3]}


def test_recursion_nests(traces: CapturedTraces) -> None:
    @outcrop.trace
    def factorial(number: int) -> int:
        return 1 if number < 2 else number * factorial(number - 1)

    assert factorial(3) == 6
    spans = traces.last().data.spans
    assert [(span.inputs["number"], span.outputs) for span in spans] == [(3, 6), (2, 2), (1, 1)]
    assert [span.parent_id for span in spans] == [None, spans[0].span_id, spans[1].span_id]


def test_arguments_keep_their_names_however_they_are_passed(traces: CapturedTraces) -> None:
    @outcrop.trace
    def mixed(a: int, /, b: int, *, c: int = 3) -> int:
        return a + b + c

    @outcrop.trace
    def gathers(a: int, /, *rest: int, b: int = 0, **more: int) -> int:
        return a + b + len(rest) + len(more)

    mixed(1, b=2)
    mixed(1, 2, c=4)
    gathers(1, 2, b=3, a=4)
    inputs = [trace.data.spans[0].inputs for trace in traces.all()]
    assert inputs == [
        {"a": 1, "b": 2},
        {"a": 1, "b": 2, "c": 4},
        {"a": 1, "rest": [2], "b": 3, "more": {"a": 4}},
    ]


def test_an_argument_or_result_that_cannot_be_shown_disturbs_nobody(traces: CapturedTraces) -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    @outcrop.trace
    def passes(it: Any, text: str) -> Any:
        return [it, text]

    rude = Rude()
    assert passes(rude, "x" * 10_000_000)[0] is rude
    (span,) = traces.last().data.spans
    assert span.inputs["it"] == "<Rude whose repr raises RuntimeError>"
    assert span.outputs[1].endswith("(cut: 10,000,000 characters in all)")


@pytest.mark.parametrize("thing", ["my span", 7, Agent, property(lambda self: self), object()])
def test_what_is_no_function_is_refused_with_what_would_be(thing: Any) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=r"no function.*above a function.*decorate the"):
        outcrop.trace(thing)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("name", 1), ("span_type", ["TOOL"]), ("attributes", ["a"]), ("output_reducer", "join")],
)
def test_a_wrong_argument_is_refused_by_its_name(argument: str, value: Any) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=f"outcrop.trace: {argument} is .*: give "):
        outcrop.trace(**{argument: value})


def test_a_reducer_without_a_generator_is_said(caplog: pytest.LogCaptureFixture) -> None:
    @outcrop.trace(output_reducer=list)
    def plain() -> int:
        return 1

    with caplog.at_level(logging.WARNING, "outcrop"):
        outcrop.trace(output_reducer=list)(plain)
    assert "plain is no generator, so its output_reducer is never called" in caplog.text
    assert plain() == 1
