"""Every kind of content that Converse knows reaches the chat, and the merged answer of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from outcrop.testing.shape_server import ShapeReply
from sdk.tests.conformance.covering import Cover, Marks
from sdk.tests.conformance.generated import UNKNOWN
from sdk.tests.conformance.laboratory import Finding, Laboratory
from sdk.tests.conformance.marks import marks_in
from sdk.tests.conformance.operations_under_test import find
from sdk.tests.conformance.shape_graph import graph_of

_CONVERSE, _STREAM = find("Converse"), find("ConverseStream")
_ARGUMENTS: dict[str, Any] = {
    "modelId": "a.model",
    "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
}
_INPUT = _CONVERSE.model.input_shape
_BLOCK = _INPUT.members["messages"].member.members["content"].member
_SYSTEM = _INPUT.members["system"].member
_TOOL = _INPUT.members["toolConfig"].members["tools"].member
_START = _STREAM.stream_shape.members["contentBlockStart"].members["start"]
_DELTA = _STREAM.stream_shape.members["contentBlockDelta"].members["delta"]
_UNKNOWN_BLOCK = {f"{UNKNOWN}Content": {"words": "mark0x"}}


def _names(union: Any, *more: str) -> list[str]:
    """The members of a union, and names that it does not have."""
    return [*union.members, *more]


def _cover(marks: Marks | None = None) -> Cover:
    return Cover(graph_of("bedrock-runtime"), marks or Marks())


def _forms(union: Any, name: str) -> list[dict[str, Any]]:
    """The member of a union in every form that it takes."""
    return [{name: value} for value in _cover().values(union.members[name])]


def _run(laboratory: Laboratory, **arguments: Any) -> Finding:
    return laboratory.run(_CONVERSE, {**_ARGUMENTS, **arguments}, ShapeReply({}))


@pytest.mark.parametrize("name", _names(_BLOCK))
def test_a_block_that_is_sent_is_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for block in _forms(_BLOCK, name):
        finding = _run(laboratory, messages=[{"role": "user", "content": [block]}])
        assert finding.view.chat is not None
        (message,) = finding.view.chat.messages
        assert marks_in(message.parts) == marks_in(block)
        assert message.parts


@pytest.mark.parametrize("name", _names(_BLOCK, *_UNKNOWN_BLOCK))
def test_a_block_that_is_answered_is_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for block in _forms(_BLOCK, name) if name in _BLOCK.members else [_UNKNOWN_BLOCK]:
        members = {"output": {"message": {"role": "assistant", "content": [block]}}, "stopReason": "end_turn"}
        finding = laboratory.run(_CONVERSE, _ARGUMENTS, ShapeReply(members))
        assert finding.view.chat is not None
        (message,) = finding.view.chat.output
        assert marks_in(message.parts) == marks_in(block)
        assert message.finish_reason == "end_turn"


@pytest.mark.parametrize("name", _SYSTEM.members)
def test_a_system_block_is_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for block in _forms(_SYSTEM, name):
        finding = _run(laboratory, system=[block])
        assert finding.view.chat is not None
        assert len(finding.view.chat.system) == 1
        assert marks_in(finding.view.chat.system) == marks_in(block)


@pytest.mark.parametrize("name", _TOOL.members)
def test_a_tool_that_is_offered_is_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for tool in _forms(_TOOL, name):
        finding = _run(laboratory, toolConfig={"tools": [tool]})
        assert finding.view.chat is not None
        assert len(finding.view.chat.tools) == 1
        assert marks_in(finding.view.chat.tools) == marks_in(tool)


@pytest.mark.parametrize("name", [name for name in _INPUT.members if name not in {"modelId", "messages"}])
def test_every_other_argument_is_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for value in _cover().values(_INPUT.members[name]):
        finding = _run(laboratory, **{name: value})
        assert marks_in(finding.view.chat) >= marks_in(value)


@pytest.mark.parametrize("name", _names(_DELTA, *_UNKNOWN_BLOCK))
def test_a_streamed_block_is_in_the_merged_answer_and_in_the_chat(laboratory: Laboratory, name: str) -> None:
    for deltas in _deltas(name):
        blocks = [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": delta}} for delta in deltas]
        starts = _starts(name)
        opening = [{"contentBlockStart": {"contentBlockIndex": 0, "start": start}} for start in starts]
        stop: dict[str, Any] = {"contentBlockStop": {"contentBlockIndex": 0}}
        finding = laboratory.run(_STREAM, _ARGUMENTS, _stream(*opening, *blocks, stop))
        assert finding.view.chat is not None
        (message,) = finding.view.chat.output
        assert marks_in(finding.view.outputs) == marks_in([starts, deltas])
        assert marks_in(message.parts) == marks_in([starts, deltas])


@pytest.mark.parametrize("name", _names(_START, *_UNKNOWN_BLOCK))
def test_a_block_that_only_starts_is_kept(laboratory: Laboratory, name: str) -> None:
    for start in _starts(name):
        event = {"contentBlockStart": {"contentBlockIndex": 3, "start": start}}
        finding = laboratory.run(_STREAM, _ARGUMENTS, _stream(event))
        assert finding.view.chat is not None
        assert marks_in(finding.view.outputs) == marks_in(start)
        assert marks_in(finding.view.chat.output) == marks_in(start)


def test_an_unknown_member_beside_a_block_is_kept(laboratory: Laboratory) -> None:
    start = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "1", "name": "n", UNKNOWN: "mark1x"}}}
    delta = {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}", UNKNOWN: "mark2x"}}}
    stop = {"contentBlockIndex": 0, UNKNOWN: "mark3x"}
    reply = _stream({"contentBlockStart": start}, {"contentBlockDelta": delta}, {"contentBlockStop": stop})
    finding = laboratory.run(_STREAM, _ARGUMENTS, reply)
    assert marks_in(finding.view.outputs) == {"mark1x", "mark2x", "mark3x"}


def test_every_unknown_event_of_a_stream_is_kept(laboratory: Laboratory) -> None:
    unknown = [{f"{UNKNOWN}Event": {"words": f"mark{number}x"}} for number in range(3)]
    finding = laboratory.run(_STREAM, _ARGUMENTS, _stream(*unknown))
    assert marks_in(finding.view.outputs) == {"mark0x", "mark1x", "mark2x"}


def _deltas(name: str) -> Iterator[list[dict[str, Any]]]:
    """Two deltas of each form that this member takes, as one block has them."""
    if name in _UNKNOWN_BLOCK:
        yield [_UNKNOWN_BLOCK, {name: {"words": "mark1x"}}]
        return
    marks = Marks()
    firsts = _cover(marks).values(_DELTA.members[name])
    yield from (
        [{name: a}, {name: b}]
        for a, b in zip(firsts, _cover(marks).values(_DELTA.members[name]), strict=True)
    )


def _starts(name: str) -> list[dict[str, Any]]:
    """The start that goes with such deltas; most blocks have none."""
    if name in _UNKNOWN_BLOCK:
        return [{name: {"opening": "mark2x"}}]
    if name not in _START.members:
        return []
    return [{name: next(_cover(Marks(1000)).values(_START.members[name]))}]


def _stream(*events: dict[str, Any]) -> ShapeReply:
    return ShapeReply({"stream": [{"messageStart": {"role": "assistant"}}, *events]})


@pytest.mark.parametrize("name", ["messageStop", "metadata"])
def test_what_a_stream_ends_with_is_in_the_merged_answer(laboratory: Laboratory, name: str) -> None:
    cover = Cover(graph_of("bedrock-runtime"), Marks(), has_unknown=True)
    for value in cover.values(_STREAM.stream_shape.members[name]):
        finding = laboratory.run(_STREAM, _ARGUMENTS, _stream({name: value}))
        assert marks_in(finding.view.outputs) == marks_in(value)
