"""`@trace` and `start_span`: the user's own functions as spans."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reply, ToolUse
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"


def test_a_bare_decorator_records_arguments_by_name_and_the_result(traces: CapturedTraces) -> None:
    @outcrop.trace
    def add(left: int, right: int = 2, *rest: int, **more: int) -> int:
        return left + right + sum(rest) + sum(more.values())

    assert add(1, 2, 3, four=4) == 10
    (span,) = traces.last().data.spans
    assert span.name == "add"
    assert span.inputs == {"left": 1, "right": 2, "rest": [3], "more": {"four": 4}}
    assert span.outputs == 10
    assert span.status.status_code == "OK"


def test_a_decorator_with_arguments_sets_name_type_and_attributes(traces: CapturedTraces) -> None:
    @outcrop.trace(name="weather", span_type=SpanType.TOOL, attributes={"unit": "C"})
    def get_weather(city: str) -> dict[str, Any]:
        return {"city": city, "sky": "sunny"}

    get_weather(city="Oslo")
    (span,) = traces.last().data.spans
    assert (span.name, span.span_type, span.attributes["unit"]) == ("weather", "TOOL", "C")
    assert span.outputs == {"city": "Oslo", "sky": "sunny"}


def test_a_traced_function_keeps_its_name_docstring_and_signature() -> None:
    @outcrop.trace
    def described(city: str, *, days: int = 3) -> str:
        """Tells the weather."""
        return city * days

    assert described.__name__ == "described"
    assert described.__doc__ == "Tells the weather."
    assert list(inspect.signature(described).parameters) == ["city", "days"]


def test_arguments_are_recorded_as_they_were_when_the_call_began(traces: CapturedTraces) -> None:
    @outcrop.trace
    def grow(items: list[int]) -> list[int]:
        items.append(2)
        return items

    grow([1])
    (span,) = traces.last().data.spans
    assert span.inputs == {"items": [1]}
    assert span.outputs == [1, 2]


def test_self_and_cls_are_left_out(traces: CapturedTraces) -> None:
    class Agent:
        @outcrop.trace
        def run(self, prompt: str) -> str:
            return prompt

        @classmethod
        @outcrop.trace
        def make(cls, name: str) -> str:
            return name

        @staticmethod
        @outcrop.trace
        def plain(self_made: str) -> str:
            return self_made

    Agent().run("a")
    Agent.make("b")
    Agent.plain("c")
    inputs = [trace.data.spans[0].inputs for trace in traces.all()]
    assert inputs == [{"prompt": "a"}, {"name": "b"}, {"self_made": "c"}]


def test_an_exception_marks_the_span_and_goes_on_its_way(traces: CapturedTraces) -> None:
    @outcrop.trace
    def fails() -> None:
        raise KeyError("city")

    with pytest.raises(KeyError, match="city"):
        fails()
    trace = traces.last()
    (span,) = trace.data.spans
    assert trace.info.state == "ERROR"
    assert span.attributes["error.type"] == "KeyError"
    (event,) = span.events
    assert event.attributes["exception.type"] == "builtins.KeyError"
    assert "fails" in event.attributes["exception.stacktrace"]


def test_a_wrong_call_raises_pythons_own_error(traces: CapturedTraces) -> None:
    @outcrop.trace
    def one(argument: int) -> int:
        return argument

    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        one()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the point of the test
    assert traces.last().info.state == "ERROR"


def test_a_coroutine_is_traced_until_it_is_done(traces: CapturedTraces) -> None:
    @outcrop.trace
    async def inner(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    @outcrop.trace
    async def outer() -> int:
        return sum(await asyncio.gather(*(inner(number) for number in range(5))))

    assert asyncio.run(outer()) == 20
    root, *children = traces.last().data.spans
    assert root.outputs == 20
    assert sorted(child.outputs for child in children) == [0, 2, 4, 6, 8]
    assert {child.parent_id for child in children} == {root.span_id}


def test_start_span_nests_and_takes_inputs_outputs_events_and_attributes(traces: CapturedTraces) -> None:
    with outcrop.start_span("outer", span_type=SpanType.CHAIN, attributes={"a": 1}) as outer:
        outer.set_inputs({"question": "?"})
        with outcrop.start_span("inner") as inner:
            inner.set_attributes({"tags": ["x", "y"], "object": {"k": 1}})
            inner.add_event("looked", {"where": "here"})
            inner.set_status("ERROR", "not found")
        outer.set_outputs("!")
    trace = traces.last()
    root, child = trace.data.spans
    assert (root.name, root.span_type, root.inputs, root.outputs) == (
        "outer",
        "CHAIN",
        {"question": "?"},
        "!",
    )
    assert child.parent_id == root.span_id
    assert child.attributes["tags"] == ["x", "y"]
    assert child.attributes["object"] == '{"k": 1}'
    assert child.events[0].attributes == {"where": "here"}
    assert (child.status.status_code, child.status.description) == ("ERROR", "not found")
    assert trace.info.state == "OK"
    assert (trace.info.request_preview, trace.info.response_preview) == ("?", "!")


def test_an_agent_is_one_trace_of_model_calls_and_tools(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(
        MODEL, Reply("I will look.", ToolUse("get_weather", {"city": "SF"})), Reply("It is sunny in SF.")
    )

    @outcrop.trace(span_type=SpanType.TOOL)
    def get_weather(city: str) -> str:
        return f"sunny in {city}"

    @outcrop.trace(span_type=SpanType.AGENT)
    def agent(question: str) -> str:
        messages: list[Any] = [{"role": "user", "content": [{"text": question}]}]
        tools: dict[str, Any] = {
            "tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {}}}}]
        }
        first = client.converse(modelId=MODEL, messages=messages, toolConfig=tools)
        messages.append(first["output"]["message"])
        use = first["output"]["message"]["content"][1]["toolUse"]
        result = {"toolUseId": use["toolUseId"], "content": [{"text": get_weather(**use["input"])}]}
        messages.append({"role": "user", "content": [{"toolResult": result}]})
        second = client.converse(modelId=MODEL, messages=messages, toolConfig=tools)
        return str(second["output"]["message"]["content"][0]["text"])

    assert agent("Weather in SF?") == "It is sunny in SF."
    trace = traces.last()
    root, *children = trace.data.spans
    assert [span.span_type for span in trace.data.spans] == ["AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL"]
    assert {span.parent_id for span in children} == {root.span_id}
    assert len(children[0].inputs["messages"]) == 1
    assert len(children[2].inputs["messages"]) == 3
    assert trace.info.request_preview == "Weather in SF?"
    assert trace.info.response_preview == "It is sunny in SF."
    usages = [span.outputs["usage"]["totalTokens"] for span in (children[0], children[2])]
    assert trace.info.token_usage is not None
    assert trace.info.token_usage["total_tokens"] == sum(usages)


def test_reading_an_unknown_trace_gives_none(traces: CapturedTraces) -> None:
    assert traces.all() == []
    assert outcrop.get_trace("0" * 32) is None


def test_a_trace_id_may_wear_mlflows_prefix(traces: CapturedTraces) -> None:
    with outcrop.start_span("one") as span:
        pass
    trace = outcrop.get_trace(f"tr-{span.trace_id.upper()}")
    assert trace is not None
    assert trace.info.trace_id == span.trace_id == traces.last().info.trace_id
