"""The user's own functions in the conventions' words: tools, agents, workflows and all else."""

from __future__ import annotations

import json
from typing import Any

import pytest

import outcrop
from outcrop.entities import SpanType
from outcrop.otlp.records import KIND_INTERNAL
from sdk.tests.normalised.conftest import Newest
from sdk.tests.normalised.schema import check_messages


@outcrop.trace(span_type=SpanType.TOOL)
def get_weather(city: str) -> dict[str, Any]:
    return {"city": city, "degrees": 7}


@outcrop.trace(span_type=SpanType.AGENT)
def helper(question: str) -> str:
    return f"You ask: {question}"


def test_a_tool_has_its_arguments_and_its_result(newest: Newest) -> None:
    get_weather("Oslo")
    span = newest()
    assert (span.name, span.kind) == ("execute_tool get_weather", KIND_INTERNAL)
    expected = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.type": "function",
        "openinference.span.kind": "TOOL",
    }
    assert {name: span.attributes[name] for name in expected} == expected
    assert json.loads(span.attributes["gen_ai.tool.call.arguments"]) == {"city": "Oslo"}
    assert json.loads(span.attributes["gen_ai.tool.call.result"]) == {"city": "Oslo", "degrees": 7}
    assert not {"outcrop.span.inputs", "outcrop.span.outputs", "input.value"} & span.attributes.keys()


def test_an_agent_of_words_speaks_in_messages(newest: Newest) -> None:
    helper("Is it warm?")
    span = newest()
    assert (span.name, span.kind) == ("invoke_agent helper", KIND_INTERNAL)
    assert span.attributes["gen_ai.agent.name"] == "helper"
    (asked,) = check_messages(span.attributes["gen_ai.input.messages"])
    (said,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert asked["parts"][0]["content"] == "Is it warm?"
    assert said["parts"][0]["content"] == "You ask: Is it warm?"


def test_an_agent_of_other_values_shows_them_as_json(newest: Newest) -> None:
    with outcrop.start_span("planner", SpanType.AGENT) as span:
        span.set_inputs({"question": "Is it warm?", "limit": 3})
        span.set_outputs(["yes"])
    read = newest()
    assert read.name == "invoke_agent planner"
    assert json.loads(read.attributes["input.value"]) == {"question": "Is it warm?", "limit": 3}
    assert json.loads(read.attributes["output.value"]) == ["yes"]
    assert "gen_ai.input.messages" not in read.attributes


@pytest.mark.parametrize(
    ("span_type", "kind", "operation"),
    [
        (SpanType.CHAIN, "CHAIN", None),
        (SpanType.RETRIEVER, "RETRIEVER", "retrieval"),
        (SpanType.EVALUATOR, "EVALUATOR", None),
        (None, "CHAIN", None),
        ("MY_OWN", "CHAIN", None),
    ],
)
def test_what_has_no_word_keeps_its_name_and_its_json(
    newest: Newest, span_type: str | None, kind: str, operation: str | None
) -> None:
    with outcrop.start_span("step", span_type) as span:
        span.set_inputs("in")
        span.set_outputs({"out": 1})
    read = newest()
    assert read.name == "step"
    assert read.attributes["openinference.span.kind"] == kind
    assert read.attributes.get("gen_ai.operation.name") == operation
    assert (read.attributes["input.value"], read.attributes["input.mime_type"]) == ("in", "text/plain")
    assert json.loads(read.attributes["output.value"]) == {"out": 1}


def test_what_the_user_set_has_the_last_word(newest: Newest) -> None:
    mine = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Mine."}]}])
    with outcrop.start_span("my model", SpanType.CHAT_MODEL) as span:
        span.set_inputs({"x": 1})
        span.set_attributes(
            {
                "gen_ai.operation.name": "text_completion",
                "gen_ai.input.messages": mine,
                "gen_ai.usage.input_tokens": 3,
                "openinference.span.kind": "PROMPT",
                "session.id": "s1",
                "user.id": "u1",
            }
        )
    read = newest()
    assert read.name == "my model"
    assert read.attributes["gen_ai.operation.name"] == "text_completion"
    assert read.attributes["gen_ai.input.messages"] == mine
    assert read.attributes["openinference.span.kind"] == "PROMPT"
    assert read.attributes["llm.token_count.prompt"] == 3
    assert read.attributes["gen_ai.conversation.id"] == "s1"
    assert read.attributes["user.id"] == "u1"
    # It would hide the user's own messages in some back ends.
    assert "input.value" not in read.attributes


def test_an_error_always_has_a_type(newest: Newest) -> None:
    with pytest.raises(KeyError), outcrop.start_span("fails", SpanType.TOOL):
        raise KeyError("x")
    assert newest().attributes["error.type"] == "KeyError"
    with outcrop.start_span("says so") as span:
        span.set_status("ERROR", "bad")
    assert newest().attributes["error.type"] == "_OTHER"
