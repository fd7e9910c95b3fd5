"""Whatever an attribute of another tracer holds, a view comes out and no exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcrop.genai.messages import generic_part, text_part
from outcrop.otlp.records import EventRecord
from outcrop.views import read_span
from outcrop.vocabularies.flattened import unflattened
from sdk.tests.vocabularies.sample_spans import every_sample, sample

SAMPLES = [sample(path) for path in every_sample()]
NAMES = sorted({name for span in SAMPLES for name in span.attributes} | {"metadata", "ai.values", "events"})
EVENTS = sorted({event.name for span in SAMPLES for event in span.events})
WORDS = """
    role content parts type text message tool_calls function name arguments toolUse toolResult tool-call
    tool-result output result image kwargs data choices modelId body messages system tools usage properties
    event.name
"""
MEMBERS = st.sampled_from(WORDS.split())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | MEMBERS
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4)
)
attribute = values | values.map(json.dumps) | st.binary(max_size=5) | st.sampled_from(['{"a', "[", '"', "[1"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(NAMES), attribute, max_size=8),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.dictionaries(MEMBERS, attribute, max_size=4)), max_size=2),
)
def test_anything_reads(attributes: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> None:
    view = read_span(attributes, events=[EventRecord(name, 0, members) for name, members in events])
    assert isinstance(view.span_type, str)
    if view.chat is not None:
        for message in [*view.chat.messages, *view.chat.output]:
            assert isinstance(message.role, str)
            assert all(isinstance(part["type"], str) for part in message.parts)
    if view.usage is not None:
        assert (view.usage.input_tokens or 0) >= 0


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SAMPLES), st.data())
def test_a_sample_with_one_wrong_value_reads(span: Any, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(span.attributes)))
    read_span({**span.attributes, name: data.draw(attribute)}, events=span.events)


@pytest.mark.parametrize("name", ["gen_ai.input.messages", "gen_ai.prompt"])
def test_messages_that_are_no_json_are_shown_as_text(name: str) -> None:
    chat = read_span({"gen_ai.system": "openai", name: '[{"role": "user", "par'}).chat
    assert chat is not None
    assert chat.messages[0].parts == [text_part('[{"role": "user", "par')]


def test_a_block_that_nobody_knows_is_kept_as_it_came() -> None:
    block = {"type": "hologram", "beams": 3}
    messages = json.dumps([{"role": "user", "content": [block]}])
    chat = read_span({"gen_ai.system": "openai", "gen_ai.input.messages": messages}).chat
    assert chat is not None
    assert chat.messages[0].parts == [generic_part(block)]


@pytest.mark.parametrize("count", ["47", 47, 47.0])
def test_counts_may_be_text_or_whole_floats(count: Any) -> None:
    usage = read_span({"openinference.span.kind": "LLM", "llm.token_count.prompt": count}).usage
    assert usage is not None
    assert usage.input_tokens == 47


@pytest.mark.parametrize("count", ["many", -1, 4.5, True, None, [47], float("nan"), "9" * 5000])
def test_what_is_no_count_is_no_usage(count: Any) -> None:
    assert read_span({"openinference.span.kind": "LLM", "llm.token_count.prompt": count}).usage is None


@pytest.mark.parametrize("cost", ["much", -1, True, float("inf"), "1e999", 10**400])
def test_what_is_no_amount_is_no_cost(cost: Any) -> None:
    stated = read_span({"logfire.span_type": "span", "operation.cost": cost}).stated
    assert stated is not None
    assert stated.cost is None


@pytest.mark.parametrize("depth", [50, 800, 990, 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
@pytest.mark.parametrize(
    "name", ["gen_ai.input.messages", "input.value", "mlflow.spanInputs", "ai.prompt", "metadata", "events"]
)
def test_values_may_be_nested_as_deep_as_they_like(name: str, brackets: str, depth: int) -> None:
    opening = "[" if brackets == "[]" else '{"a":'
    value = opening * depth + "1" + brackets[1] * depth
    keys = {
        "openinference.span.kind": "LLM",
        "gen_ai.system": "a",
        "logfire.msg": "b",
        "mlflow.spanType": "LLM",
    }
    assert read_span({**keys, name: value}).span_type == "LLM"


def test_flattened_names_may_be_anything() -> None:
    deep = "a." + "b." * 10_000 + "c"
    found = unflattened({"a.0.x": 1, "a.999999999999.x": 2, "a.10.x": 3, deep: 4}, "a.")
    assert isinstance(found, dict)
    assert unflattened({"a.2": "c", "a.10": "d", "a.0.b": 1, "a.0": 2}, "a.") == [{"b": 1, "": 2}, "c", "d"]
    assert unflattened({}, "a.") == {}
