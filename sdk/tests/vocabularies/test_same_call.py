"""One call to the emulator as five tracers told it: whoever traced it, the same comes out."""

from __future__ import annotations

import pytest

from outcrop.genai.messages import Chat, Tool, tool_call_part
from outcrop.genai.usage import UsageRule
from sdk.tests.vocabularies.sample_spans import sample, view_of

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = Tool(
    "get_weather", "Weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}}
)
# What the sender left out or wrote otherwise is said beside it.
TELL_MESSAGES = ["open_inference", "mlflow", "open_llmetry_bedrock", "otel_genai_bedrock"]


def conversation(path: str) -> Chat:
    chat = view_of(path).chat
    assert chat is not None
    return chat


@pytest.mark.parametrize("sender", [*TELL_MESSAGES, "otel_botocore"])
@pytest.mark.parametrize("call", ["converse", "converse_stream"])
def test_tokens_include_the_cache_and_the_rule_says_who_included_it(sender: str, call: str) -> None:
    usage = view_of(f"{sender}/{call}").usage
    assert usage is not None
    counts = (usage.input_tokens, usage.output_tokens)
    assert (*counts, usage.cache_read_input_tokens, usage.cache_write_input_tokens) == (47, 4, 30, 5)
    includes_it = sender in {"open_inference", "mlflow"}
    assert usage.rule == (UsageRule.INCLUSIVE if includes_it else UsageRule.EXCLUSIVE)
    assert (47 if includes_it else 12) in usage.raw.values()


@pytest.mark.parametrize("sender", [*TELL_MESSAGES, "otel_botocore"])
def test_who_was_asked_and_who_made_the_model(sender: str) -> None:
    view = view_of(f"{sender}/converse")
    assert (view.provider, view.vendor) == ("aws.bedrock", "anthropic")
    # OpenLLMetry cuts the vendor off; the model is found again by how its name begins.
    is_cut = sender == "open_llmetry_bedrock"
    assert view.request_model == (MODEL.removeprefix("anthropic.") if is_cut else MODEL)
    assert view.response_model == (MODEL if is_cut else None)
    # The conventions have words of their own for why a model stopped.
    has_own_word = sender in {"open_llmetry_bedrock", "otel_genai_bedrock"}
    assert view.finish_reason == ("tool_call" if has_own_word else "tool_use")
    assert view.span_type == ("LLM" if sender == "open_inference" else "CHAT_MODEL")


@pytest.mark.parametrize("sender", TELL_MESSAGES)
def test_the_conversation_is_read(sender: str) -> None:
    chat = conversation(f"{sender}/converse")
    assert chat.system == [{"type": "text", "content": "Be brief."}]
    user, assistant, tool = chat.messages
    assert (user.role, assistant.role, tool.role) == ("user", "assistant", "tool")
    assert user.parts[0] == {"type": "text", "content": "How warm is Bern?"}
    image = user.parts[1]
    assert (image["type"], image["modality"], image["mime_type"]) == ("blob", "image", "image/png")
    assert image["content"] == ("" if sender == "open_llmetry_bedrock" else PIXEL)
    assert assistant.parts[1] == tool_call_part("call_0", "get_weather", {"city": "Basel"})
    (result,) = tool.parts
    assert (result["type"], result["id"]) == ("tool_call_response", "call_0")
    assert result["response"] in ({"celsius": 19}, [{"json": {"celsius": 19}}])
    assert chat.tools == [WEATHER]
    assert chat.parameters in (
        {"maxTokens": 50, "temperature": 0.25},
        {"max_tokens": 50, "temperature": 0.25},
    )


@pytest.mark.parametrize("sender", TELL_MESSAGES)
def test_the_answer_is_read_with_reasoning_and_calls(sender: str) -> None:
    view = view_of(f"{sender}/converse")
    (answer,) = conversation(f"{sender}/converse").output
    thought, words, call = answer.parts
    if sender == "open_llmetry_bedrock":
        assert "The city is Bern." in thought["content"]
    else:
        assert (thought["type"], thought["content"]) == ("reasoning", "The city is Bern.")
    assert words == {"type": "text", "content": "Looking."}
    assert call == tool_call_part("call_1", "get_weather", {"city": "Bern"})
    assert view.tool_calls == ("get_weather",)
    assert (view.response_preview or "").endswith("Looking.")


def test_a_streamed_calls_arguments_are_no_text() -> None:
    (answer,) = conversation("mlflow/converse_stream").output
    assert answer.parts[1] == tool_call_part("call_1", "get_weather", {"city": "Bern"})


@pytest.mark.parametrize("sender", TELL_MESSAGES)
def test_a_body_of_anthropics_is_read_too(sender: str) -> None:
    view = view_of(f"{sender}/invoke_model")
    assert (view.request_preview, view.response_preview) == ("Hello?", "Hi there.")
    assert view.finish_reason in {"end_turn", "stop"}
    assert view.usage is not None
    assert view.usage.input_tokens == 47


@pytest.mark.parametrize("sender", [*TELL_MESSAGES, "otel_botocore"])
def test_a_refused_call_has_a_model_and_no_tokens(sender: str) -> None:
    assert sample(f"{sender}/throttled").status == "ERROR"
    view = view_of(f"{sender}/throttled")
    assert view.request_model is not None
    assert (view.usage, view.finish_reason, view.tool_calls) == (None, None, ())


def test_structured_values_read_as_their_json_does() -> None:
    text, structured = view_of("mlflow/converse"), view_of("mlflow/converse_to_server")
    assert (text.usage, text.inputs, text.stated) == (structured.usage, structured.inputs, structured.stated)
    assert text.chat == structured.chat


def test_openinferences_groups_are_read() -> None:
    stated = view_of("open_inference/converse").stated
    assert stated is not None
    assert (stated.vocabulary, stated.session_id, stated.user_id) == ("openinference", "s-1", "u-1")
    assert (dict(stated.tags), dict(stated.metadata)) == ({"a": "true", "b": "true"}, {"team": "blue"})
