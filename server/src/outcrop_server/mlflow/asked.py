"""One request of a client as the operations see it, and how they read its members."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar, cast

from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outcrop_server.model.access import Caller
    from outcrop_server.storage.api import KeptTraces

T = TypeVar("T")


def _nobody(_: bytes, __: str) -> None:
    """Takes nothing in."""


def _nothing_comes(_: bytes) -> AbstractContextManager[Event]:
    """Of a trace to which nothing comes."""
    return nullcontext(Event())


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        caller: who asks.
        store: what there is for this caller.
        parts: the variable parts of its path.
        query: its query parameters, each with all its values.
        members: what its JSON body holds; empty if it has none.
        body: its bytes, for requests that are no JSON.
        take_in: takes in an OTLP request in protobuf whose spans belong to an experiment of this name; they
            are durable when it returns.
        arrivals_of: an event that is set when spans of a trace have come; see `ingest.arrivals`.
    """

    caller: Caller
    store: KeptTraces
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: bytes = b""
    take_in: Callable[[bytes, str], None] = _nobody
    arrivals_of: Callable[[bytes], AbstractContextManager[Event]] = _nothing_comes

    def text(self, *names: str) -> str:
        """A text that must be there, by the first of several names that is, wherever a client puts it."""
        found = self.text_or_none(*names)
        if not found:
            raise BadRequestError(f"Missing value for required parameter '{names[0]}'.")
        return found

    def text_or_none(self, *names: str) -> str | None:
        """A text that may be there."""
        for name in names:
            if name in self.parts:
                return self.parts[name]
            if name in self.members:
                return _checked(name, self.members[name], str, "text")
            if name in self.query:
                return self.query[name][-1]
        return None

    def number_or_none(self, name: str) -> int | None:
        """A whole number that may be there; clients also write them as text."""
        in_query = self.query.get(name)
        given = self.members.get(name, in_query[-1] if in_query else None)
        if given is None:
            return None
        try:
            return int(given)
        except (TypeError, ValueError) as error:
            raise _refusal(name, "a whole number") from error

    def texts(self, name: str) -> list[str]:
        """Several texts; empty if there are none."""
        if name in self.members:
            return [_checked(name, each, str, "text") for each in as_list(name, self.members[name])]
        return list(self.query.get(name, ()))

    def object(self, name: str) -> dict[str, Any]:
        """A JSON object that must be there."""
        if name not in self.members:
            raise BadRequestError(f"Missing value for required parameter '{name}'.")
        return as_dict(name, self.members[name])


def as_dict(name: str, value: Any) -> dict[str, Any]:
    """A JSON object.

    Raises:
        BadRequestError: it is something else.
    """
    return cast("dict[str, Any]", _checked(name, value, dict, "an object"))


def as_list(name: str, value: Any) -> list[Any]:
    """A JSON list.

    Raises:
        BadRequestError: it is something else.
    """
    return cast("list[Any]", _checked(name, value, list, "a list"))


def texts_of(name: str, value: Any) -> dict[str, str]:
    """A JSON object of texts; other values as their text."""
    return {key: each if isinstance(each, str) else str(each) for key, each in as_dict(name, value).items()}


def pairs(name: str, value: Any) -> dict[str, str]:
    """A list of `{"key": ..., "value": ...}` as a dictionary."""
    given = [as_dict(name, each) for each in as_list(name, value)]
    return {str(each.get("key", "")): str(each.get("value", "")) for each in given}


def _checked(name: str, value: Any, kind: type[T], words: str) -> T:
    if isinstance(value, kind):
        return value
    raise _refusal(name, words)


def _refusal(name: str, words: str) -> BadRequestError:
    return BadRequestError(f"Invalid value for parameter '{name}': it must be {words}.")
