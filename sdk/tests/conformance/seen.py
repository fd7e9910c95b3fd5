"""What the caller of one call saw, whichever client called; both clients' edges fill it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from outcrop.json_reading import as_object
from sdk.tests.conformance.operations_under_test import OperationCase

# What differs from call to call, traced or not.
_OWN_HEADERS = frozenset({"date", "x-amzn-requestid"})


@dataclass
class Seen:
    """What the caller of one call saw.

    Attributes:
        response: the parsed answer, without what streams.
        streamed: the events or the bytes that were read, and the type of what they were read from.
        error: class and content of the exception; None if there was none.
    """

    response: Any = None
    streamed: list[Any] = field(default_factory=list[Any])
    error: tuple[type[BaseException], Any] | None = None

    def take(self, response: Mapping[str, Any], types: StreamTypes) -> Iterator[Any]:
        """Keeps an answer; gives what the caller must read of it."""
        streamed = {name: value for name, value in response.items() if types.has(value)}
        self.response = {name: value for name, value in response.items() if name not in streamed}
        _clean(self.response)
        for value in streamed.values():
            self.streamed.append(type(value))
            yield value

    def fail(self, error: BaseException) -> None:
        """Keeps what was raised."""
        content = getattr(error, "response", None)
        _clean(content)
        self.error = (type(error), content or str(error))


@dataclass(frozen=True)
class StreamTypes:
    """A client's own classes of what its caller reads: streams of events, and bodies."""

    events: type[Any]
    body: type[Any]

    def has(self, value: Any) -> bool:
        """Whether the value is to be read."""
        return type(value) in {self.events, self.body}


class Caller(Protocol):
    """A client library, as a program uses it."""

    @property
    def types(self) -> StreamTypes:
        """Its classes."""
        ...

    def call(self, case: OperationCase, arguments: Mapping[str, Any]) -> Seen:
        """Calls once, and reads whatever streams to its end."""
        ...


def _clean(response: Any) -> None:
    metadata = as_object(as_object(response).get("ResponseMetadata"))
    metadata.pop("RequestId", None)
    headers = as_object(metadata.get("HTTPHeaders"))
    for name in _OWN_HEADERS:
        headers.pop(name, None)
