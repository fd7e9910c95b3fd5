"""What type checkers see: a decorated function is what it was. Checked by mypy and pyright, and run once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, TypeVar, overload

import outcrop
from outcrop.recording.span import LiveSpan
from outcrop.testing.traces import CapturedTraces

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value: Any, _kind: Any) -> Any:
        return value


T = TypeVar("T")


@outcrop.trace
def bare(city: str, *, days: int = 3) -> list[str]:
    return [city] * days


@outcrop.trace(name="named", span_type="TOOL", attributes={"a": 1})
def with_arguments(city: str, days: int) -> str:
    return city * days


@outcrop.trace
def generic(value: T) -> list[T]:
    return [value]


@overload
def overloaded(value: int) -> int: ...
@overload
def overloaded(value: str) -> str: ...
@outcrop.trace
def overloaded(value: int | str) -> int | str:
    return value


@outcrop.trace
async def coroutine(value: int) -> str:
    return str(value)


@outcrop.trace(output_reducer=sum)
def generator(upto: int) -> Generator[int, str, bool]:
    yield from range(upto)
    return True


@outcrop.trace
async def async_generator() -> AsyncIterator[bytes]:
    yield b"a"


class Agent:
    @outcrop.trace
    def method(self, value: int) -> int:
        return value

    @outcrop.trace
    @classmethod
    def above(cls, _value: int) -> Agent:
        return cls()

    @classmethod
    @outcrop.trace(span_type="AGENT")
    def below(cls, _value: int) -> Agent:
        return cls()

    @outcrop.trace
    @staticmethod
    def static(value: int) -> float:
        return value / 2


def test_types_are_kept(traces: CapturedTraces) -> None:
    assert_type(bare("Oslo", days=2), list[str])
    assert_type(with_arguments("Oslo", 2), str)
    assert_type(generic(1), list[int])
    assert_type(overloaded(1), int)
    assert_type(overloaded("a"), str)
    awaited: Coroutine[Any, Any, str] = coroutine(1)
    assert_type(asyncio.run(awaited), str)
    assert_type(generator(2), Generator[int, str, bool]).close()
    assert_type(async_generator(), AsyncIterator[bytes])
    assert_type(Agent().method(1), int)
    assert_type(Agent.above(1), Agent)
    assert_type(Agent.below(1), Agent)
    assert_type(Agent.static(1), float)
    carried = outcrop.carry_context(bare)
    assert_type(carried("Oslo", days=1), list[str])
    with outcrop.start_span("block") as span:
        assert_type(span, LiveSpan)
    assert len(traces.all()) == 14


def refused() -> None:
    """Never run: each line is an error that a checker must find, or the ignore is one."""
    bare(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no text
    bare("Oslo", 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # by keyword alone
    with_arguments("Oslo")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # days are missing
    Agent().method("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no number
    Agent.above("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # as above
    outcrop.trace("name")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]  # no function
    outcrop.trace(output_reducer=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]  # as above


UNUSED: Callable[[], None] = refused
