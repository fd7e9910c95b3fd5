"""Cohere's streams and several generations, as its two schemas have them."""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.command_r import CommandRCodec
from outcrop.bedrock.bodies.text_completion import TextCompletionCodec
from outcrop.bedrock.bodies.text_family import COHERE_COMMAND, JURASSIC

ASKED = {"message": "Which rock?"}


def test_citations_and_counts_come_with_the_end_of_a_command_r_stream() -> None:
    citation = {"start": 0, "end": 7, "text": "Granite", "document_ids": ["doc_0"]}
    codec = CommandRCodec()
    response = {
        "text": "Granite.",
        "citations": [citation],
        "meta": {"billed_units": {"input_tokens": 5, "output_tokens": 2}},
    }
    merged = codec.merge(
        [
            {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
            {"is_finished": False, "event_type": "text-generation", "text": "Gran"},
            {"is_finished": False, "event_type": "text-generation", "text": "ite."},
            {"is_finished": False, "event_type": "citation-generation", "citations": [citation]},
            {
                "is_finished": True,
                "event_type": "stream-end",
                "finish_reason": "COMPLETE",
                "response": response,
                "amazon-bedrock-invocationMetrics": {"inputTokenCount": 6},
            },
        ]
    )
    assert merged == {"generation_id": "g", "finish_reason": "COMPLETE", **response}
    read = codec.read(ASKED, merged)
    assert read.chat is not None
    assert read.chat.output[0].parts == [{"type": "text", "content": "Granite.", "citations": [citation]}]
    assert read.usage is not None
    assert (read.usage.input_tokens, read.usage.output_tokens) == (5, 2)


def test_a_command_r_stream_that_broke_off_keeps_text_and_tool_calls() -> None:
    call = {"name": "f", "parameters": {"a": 1}}
    codec = CommandRCodec()
    merged = codec.merge(
        [
            {"event_type": "text-generation", "text": "I will "},
            {"event_type": "text-generation", "text": "look."},
            {"event_type": "tool-calls-generation", "tool_calls": [call]},
        ]
    )
    assert merged == {"text": "I will look.", "tool_calls": [call]}


def test_search_queries_without_an_answer_are_shown() -> None:
    search = {"text": "rocks", "generation_id": "g"}
    read = CommandRCodec().read(ASKED, {"text": "", "search_queries": [search]})
    assert read.chat is not None
    assert read.chat.output[0].parts == [{"type": "generic", "value": {"search_query": search}}]


def test_flat_chunks_of_command_merge_into_generations_by_index() -> None:
    codec = TextCompletionCodec(COHERE_COMMAND)
    merged = codec.merge(
        [
            {"index": 0, "text": "A", "is_finished": False},
            {"index": 1, "text": "B", "is_finished": False},
            {"index": 0, "text": "a", "is_finished": True, "finish_reason": "COMPLETE"},
            {"index": 1, "text": "b", "is_finished": True, "finish_reason": "MAX_TOKENS"},
        ]
    )
    assert merged == {
        "generations": [
            {"text": "Aa", "finish_reason": "COMPLETE"},
            {"text": "Bb", "finish_reason": "MAX_TOKENS"},
        ]
    }
    read = codec.read({"prompt": "x", "num_generations": 2}, merged)
    assert read.chat is not None
    assert [message.finish_reason for message in read.chat.output] == ["COMPLETE", "MAX_TOKENS"]
    assert read.finish_reason == "COMPLETE"


def test_every_completion_of_jurassic_is_an_answer() -> None:
    completions: list[Any] = [
        {"data": {"text": "A", "tokens": []}, "finishReason": {"reason": "endoftext"}},
        {"data": {"text": "B", "tokens": []}, "finishReason": {"reason": "length", "length": 1}},
    ]
    read = TextCompletionCodec(JURASSIC).read({"prompt": "x", "numResults": 2}, {"completions": completions})
    assert read.chat is not None
    assert [(m.parts[0]["content"], m.finish_reason) for m in read.chat.output] == [
        ("A", "endoftext"),
        ("B", "length"),
    ]
