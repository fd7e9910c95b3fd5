"""What each vocabulary has that the recorded call does not show: kinds, groups, costs, older names."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from outcrop.genai.messages import Message, Tool, reasoning_part, text_part, tool_call_part
from outcrop.genai.stated import Stated, StatedCost
from outcrop.genai.usage import UsageRule
from outcrop.genai.view import SpanView
from outcrop.views import read_span
from sdk.tests.vocabularies.sample_spans import every_sample, view_of

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("get_weather", "Weather of a city.", SCHEMA)
ASKED_BASEL = tool_call_part("call_0", "get_weather", {"city": "Basel"})
ASKED_BERN = tool_call_part("call_1", "get_weather", {"city": "Bern"})


def stated_of(path: str) -> Stated:
    stated = view_of(path).stated
    assert stated is not None
    return stated


def texts(view: SpanView) -> list[tuple[str, Any]]:
    assert view.chat is not None
    messages = [*view.chat.messages, *view.chat.output]
    return [(message.role, part.get("content")) for message in messages for part in message.parts]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("mlflow/tool", "TOOL"),
        ("mlflow/agent", "AGENT"),
        ("mlflow/invoke_model", "LLM"),
        ("open_inference_kinds/chain", "CHAIN"),
        ("open_inference_kinds/retriever", "RETRIEVER"),
        ("open_inference_kinds/embedding", "EMBEDDING"),
        ("open_inference_kinds/prompt", "CHAIN"),
        ("open_llmetry/chat", "CHAT_MODEL"),
        ("open_llmetry/workflow", "WORKFLOW"),
        ("open_llmetry/tool", "TOOL"),
        ("vercel_ai/generate_text", "CHAIN"),
        ("vercel_ai/do_generate", "CHAT_MODEL"),
        ("vercel_ai/do_stream_bedrock", "CHAT_MODEL"),
        ("vercel_ai/tool", "TOOL"),
        ("vercel_ai/embed", "EMBEDDING"),
        ("logfire/agent", "AGENT"),
        ("logfire/tool", "TOOL"),
        ("logfire/openai", "CHAT_MODEL"),
        ("logfire/function", "UNKNOWN"),
        ("gen_ai_events/plain_texts", "LLM"),
        ("gen_ai_events/tool", "TOOL"),
        ("gen_ai_events/retrieval", "RETRIEVER"),
        ("gen_ai_events/agent", "AGENT"),
    ],
)
def test_the_kind_of_span(path: str, kind: str) -> None:
    assert view_of(path).span_type == kind


@pytest.mark.parametrize(
    ("path", "inputs", "outputs"),
    [
        ("mlflow/tool", {"city": "Bern"}, {"celsius": 19}),
        ("mlflow/agent", {"q": "How warm is Bern?"}, "19 degrees"),
        ("open_inference_kinds/chain", {"question": "How warm is Bern?"}, "19 degrees"),
        ("open_inference_kinds/tool", {"city": "Bern"}, '{"celsius": 19}'),
        (
            "open_inference_kinds/retriever",
            "Bern",
            [{"id": "d1", "score": 0.5, "content": "Bern is warm.", "metadata": {"page": 1}}, {"id": "d2"}],
        ),
        ("open_inference_kinds/embedding", ["Bern"], None),
        ("open_llmetry/workflow", {"args": ["Bern"], "kwargs": {}}, "19 degrees"),
        ("vercel_ai/tool", {"city": "Bern"}, {"celsius": 19}),
        ("vercel_ai/embed", ["Bern", "Basel"], [[0.1, 0.2], [0.3, 0.4]]),
        ("logfire/tool", {"city": "Bern"}, {"celsius": 19}),
        ("logfire/function", {"city": "Bern", "options": {"unit": "celsius"}}, "19"),
        ("gen_ai_events/tool", {"city": "Bern"}, {"celsius": 19}),
        ("gen_ai_events/retrieval", "Bern", [{"id": "d1", "score": 0.5}]),
    ],
)
def test_what_went_in_and_out_of_functions(path: str, inputs: Any, outputs: Any) -> None:
    view = view_of(path)
    assert (view.inputs, view.outputs) == (inputs, outputs)


@pytest.mark.parametrize(
    "path",
    ["mlflow/openai", "open_inference_kinds/chain", "open_llmetry/chat", "vercel_ai/generate_text"],
)
def test_session_and_user(path: str) -> None:
    assert (stated_of(path).session_id, stated_of(path).user_id) == ("s-1", "u-1")


def test_a_conversations_id_is_a_session() -> None:
    assert stated_of("gen_ai_events/agent").session_id == "s-1"
    assert stated_of("logfire/agent").session_id == "s-1"


def test_tags_and_metadata() -> None:
    assert stated_of("mlflow/openai").tags == {"team": "blue"}
    assert stated_of("logfire/function").tags == {"blue": "true"}
    assert stated_of("vercel_ai/generate_text").metadata == {"plan": "pro"}
    assert stated_of("open_llmetry/chat").metadata == {"plan": "pro"}


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("mlflow/openai", StatedCost(Decimal("0.75"), Decimal("0.25"), Decimal("0.5"))),
        ("open_inference_kinds/completion", StatedCost(Decimal("0.75"), Decimal("0.25"), Decimal("0.5"))),
        ("logfire/model_1", StatedCost(Decimal("0.00188"))),
        ("logfire/agent", None),
    ],
)
def test_the_cost_that_is_stated(path: str, cost: StatedCost | None) -> None:
    assert stated_of(path).cost == cost


@pytest.mark.parametrize(
    ("path", "counts", "rule"),
    [
        ("open_llmetry/chat", (47, 4, 30, 5), UsageRule.INCLUSIVE),
        ("vercel_ai/do_generate", (47, 4, 30, 5), UsageRule.INCLUSIVE),
        # Before version 6 the AI SDK hands Bedrock's counts on.
        ("vercel_ai/do_stream_bedrock", (47, 4, 30, 5), UsageRule.EXCLUSIVE),
        ("vercel_ai/version_3", (12, 4, None, None), UsageRule.INCLUSIVE),
        ("vercel_ai/embed", (3, None, None, None), UsageRule.INCLUSIVE),
        ("logfire/model_1", (47, 4, 30, 5), UsageRule.INCLUSIVE),
        ("logfire/model_3", (47, 4, 30, 5), UsageRule.INCLUSIVE),
        # A cache larger than the input cannot be within it.
        ("logfire/claude_agent", (9344, 5, 7166, 2175), UsageRule.EXCLUSIVE),
        ("gen_ai_events/content_events", (12, 4, None, None), UsageRule.INCLUSIVE),
        ("gen_ai_events/strands", (47, 4, 30, 5), UsageRule.EXCLUSIVE),
    ],
)
def test_tokens(path: str, counts: tuple[int | None, ...], rule: str) -> None:
    usage = view_of(path).usage
    assert usage is not None
    read = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
    )
    assert (read, usage.rule) == (counts, rule)


@pytest.mark.parametrize("path", ["vercel_ai/generate_text", "logfire/agent", "gen_ai_events/agent"])
def test_sums_of_the_calls_below_are_shown_and_not_added(path: str) -> None:
    view = view_of(path)
    assert view.usage is not None
    assert view.own_usage is None


@pytest.mark.parametrize("path", ["vercel_ai/do_generate", "open_llmetry/chat", "logfire/model_1"])
def test_tools_offered(path: str) -> None:
    chat = view_of(path).chat
    assert chat is not None
    assert chat.tools == [WEATHER]
    assert chat.system == [text_part("Be brief.")]


@pytest.mark.parametrize(
    "path", ["vercel_ai/do_generate", "open_llmetry/chat", "gen_ai_events/message_events"]
)
def test_a_conversation_with_a_tool(path: str) -> None:
    view = view_of(path)
    assert view.chat is not None
    user, assistant, tool = view.chat.messages
    assert user.parts[0] == text_part("How warm is Bern?")
    assert assistant.parts[-1] == ASKED_BASEL
    assert (tool.role, tool.parts[0]["id"]) == ("tool", "call_0")
    (answer,) = view.chat.output
    assert answer.parts[-2:] == [text_part("Looking."), ASKED_BERN]
    assert (answer.finish_reason or "").replace("_", "-") == "tool-calls"
    assert (view.request_preview, view.response_preview) == ("How warm is Bern?", "Looking.")


def test_the_ai_sdks_media_and_reasoning() -> None:
    chat = view_of("vercel_ai/do_generate").chat
    assert chat is not None
    assert chat.messages[0].parts[1]["mime_type"] == "image/png"
    assert chat.messages[2].parts[0]["response"] == {"celsius": 19}
    assert chat.output[0].parts[0] == reasoning_part("The city is Bern.")
    assert chat.parameters == {"max_tokens": 50}
    assert stated_of("vercel_ai/do_stream_bedrock").time_to_first_chunk_ns == 12_500_000
    assert stated_of("vercel_ai/do_stream_bedrock").is_stream


def test_an_agents_messages_end_with_its_answer() -> None:
    chat = view_of("logfire/agent").chat
    assert chat is not None
    assert [message.role for message in chat.messages] == ["user", "assistant", "tool"]
    assert chat.messages[2].parts[0]["response"] == {"celsius": 19}
    answer = [reasoning_part("Answer now."), text_part("It is 19 degrees.")]
    assert chat.output == [Message("assistant", answer, "stop")]


@pytest.mark.parametrize(
    "path",
    [
        "gen_ai_events/content_events",
        "gen_ai_events/plain_texts",
        "gen_ai_events/details_event",
        "mlflow/openai",
        "mlflow/langchain",
        "logfire/openai",
        "open_inference_kinds/completion",
    ],
)
def test_a_question_and_its_answer(path: str) -> None:
    assert texts(view_of(path))[:2] == [("user", "Hello?"), ("assistant", "Hi there.")]


def test_strands_asks_bedrock_and_names_itself() -> None:
    view = view_of("gen_ai_events/strands")
    assert (view.provider, view.vendor, view.model_region_group) == ("aws.bedrock", "anthropic", "us")
    assert view.tool_calls == ("get_weather",)


@pytest.mark.parametrize(
    "path", ["vercel_ai/tool", "logfire/tool", "gen_ai_events/tool", "open_llmetry/tool"]
)
def test_a_tool_is_named_by_itself_and_not_by_its_span(path: str) -> None:
    assert stated_of(path).tool_name == "get_weather"


@pytest.mark.parametrize("path", every_sample())
def test_every_sample_is_understood(path: str) -> None:
    assert view_of(path).stated is not None


def test_spans_of_outcrops_own_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("outcrop.vocabularies.table.read_foreign", fail)
    own = {"outcrop.span.type": "TOOL", "openinference.span.kind": "LLM"}
    assert read_span(own).span_type == "TOOL"
    assert read_span({"outcrop.aws.operation": "Converse", "ai.operationId": "x"}).stated is None
    with pytest.raises(AssertionError):
        read_span({"openinference.span.kind": "LLM"})


def test_a_span_that_speaks_nothing_of_this_is_left_alone() -> None:
    view = read_span({"http.request.method": "GET", "url.path": "/"})
    assert (view.stated, view.span_type) == (None, "UNKNOWN")


def test_thoughts_that_are_a_message_of_their_own_go_to_the_answer() -> None:
    chat = read_span(
        {
            "llm.request.type": "chat",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Think.",
            "gen_ai.completion.0.role": "thinking",
            "gen_ai.completion.0.content": "Let me see.",
            "gen_ai.completion.1.role": "assistant",
            "gen_ai.completion.1.content": "Done.",
            "gen_ai.completion.1.finish_reason": "end_turn",
        }
    ).chat
    assert chat is not None
    parts = [{"type": "reasoning", "content": "Let me see."}, {"type": "text", "content": "Done."}]
    assert chat.output == [Message("assistant", parts, "end_turn")]


def test_a_model_among_its_parameters_is_said_once() -> None:
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hello?",
    }
    for model, kept in (("gpt-4o", {"top_p": 1}), ("gpt-4", {"model": "gpt-4", "top_p": 1})):
        given = json.dumps({"model": model, "top_p": 1})
        chat = read_span({**attributes, "llm.invocation_parameters": given}).chat
        assert chat is not None
        assert chat.parameters == kept
