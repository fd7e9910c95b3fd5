"""Hypothesis strategies for requests, answers and events, made from botocore's shapes."""

from __future__ import annotations

import functools
from typing import Any

from hypothesis import strategies as st

from sdk.tests.conformance.leaves import Strategy, bodies, documents, leaf
from sdk.tests.conformance.operations_under_test import OperationCase
from sdk.tests.conformance.shape_graph import graph_of, is_document, is_union

# From here on values hold what they must and nothing more.
_DEPTH = 7
_OPTIONAL_MEMBERS = (30, 5, 4, 3)
_MAX_EVENTS = 5
UNKNOWN = "zzUnknown"


class ShapeStrategies:
    """Strategies for the shapes of one service.

    Args:
        service: botocore's name of it; names of shapes are its own.
        is_request: whether botocore will check the values, or a service made them.
    """

    def __init__(self, service: str, *, is_request: bool) -> None:
        self._graph = graph_of(service)
        self._is_request = is_request
        self._made: dict[tuple[str, str, int], Strategy] = {}

    def of(self, shape: Any, depth: int = 0) -> Strategy:
        """Values of a shape that stands this many structures deep."""
        key = (shape.name, str(shape.serialization.get("location")), min(depth, _DEPTH))
        if key not in self._made:
            self._made[key] = self._make(shape, depth)
        return self._made[key]

    def _make(self, shape: Any, depth: int) -> Strategy:
        kind = shape.type_name
        if is_document(shape):
            return documents()
        if kind == "structure":
            return self._union(shape, depth) if is_union(shape) else self._structure(shape, depth)
        if kind == "list":
            low = int(shape.metadata.get("min", 0))
            more = 0 if depth >= _DEPTH else 2 if depth < len(_OPTIONAL_MEMBERS) else 1
            return st.lists(self.of(shape.member, depth), min_size=low, max_size=max(low, more))
        if kind == "map":
            low = int(shape.metadata.get("min", 0))
            values = self.of(shape.value, depth)
            return st.dictionaries(self.of(shape.key, depth), values, min_size=low, max_size=max(low, 2))
        return leaf(shape, is_request=self._is_request)

    def _structure(self, shape: Any, depth: int) -> Strategy:
        required = [name for name in shape.metadata.get("required", ()) if name in shape.members]
        optional = sorted(set(shape.members) - set(required)) if depth < _DEPTH else []
        most = _OPTIONAL_MEMBERS[min(depth, len(_OPTIONAL_MEMBERS) - 1)]
        subsets = st.lists(st.sampled_from(optional), max_size=most, unique=True) if optional else st.just([])

        @st.composite
        def build(draw: st.DrawFn) -> dict[str, Any]:
            names = [*required, *draw(subsets)]
            value = {name: draw(self.of(shape.members[name], depth + 1)) for name in names}
            if not self._is_request and draw(_sometimes()):
                value[UNKNOWN] = draw(documents())
            return value

        return build()

    def _union(self, shape: Any, depth: int) -> Strategy:
        names: list[str] = list(shape.members) if depth < _DEPTH else [self._graph.smallest_member(shape)]

        @st.composite
        def build(draw: st.DrawFn) -> dict[str, Any]:
            if not self._is_request and draw(_sometimes()):
                return {UNKNOWN: draw(documents())}
            name = draw(st.sampled_from(names))
            return {name: draw(self.of(shape.members[name], depth + 1))}

        return build()


@functools.cache
def _requests_of(service: str) -> ShapeStrategies:
    return ShapeStrategies(service, is_request=True)


@functools.cache
def _answers_of(service: str) -> ShapeStrategies:
    return ShapeStrategies(service, is_request=False)


def requests(case: OperationCase) -> Strategy:
    """Arguments of a call."""
    shape = case.model.input_shape
    if shape is None:
        return st.just({})
    payload = shape.serialization.get("payload")
    if payload is None or shape.members[payload].type_name != "blob":
        return _requests_of(case.service).of(shape)
    texts = (
        bodies() | bodies().map(bytearray) | st.text(st.characters(codec="ascii"), min_size=1, max_size=20)
    )
    return _with(_requests_of(case.service).of(shape), payload, texts)


def answers(case: OperationCase) -> Strategy:
    """What a call gets: members, with the body or the events of a streamed answer."""
    shape = case.model.output_shape
    if shape is None:
        return st.just({})
    made = _answers_of(case.service)
    member = case.body_member or (case.stream_member if case.stream_shape is not None else None)
    if member is None:
        return made.of(shape)
    streamed = (
        events(case) if case.body_member is None else bodies() | st.lists(bodies(), min_size=1, max_size=3)
    )
    rest = made.of(_Rest(shape, member))
    return _with(rest.map(_known), member, streamed)


def errors(case: OperationCase, shape: Any) -> Strategy:
    """Members of a modelled error."""
    return _answers_of(case.service).of(shape)


@st.composite
def events(draw: st.DrawFn, case: OperationCase) -> list[dict[str, Any]]:
    """The events of a stream, in any order, with an exception at the end now and then."""
    made = _answers_of(case.service)
    members = case.stream_shape.members
    plain = {name: shape for name, shape in members.items() if not shape.metadata.get("exception")}
    failures = {name: shape for name, shape in members.items() if shape.metadata.get("exception")}
    names = draw(st.lists(st.sampled_from([*plain, f"{UNKNOWN}Event"]), max_size=_MAX_EVENTS))
    found: list[dict[str, Any]] = [
        {name: draw(_event(made, plain[name]) if name in plain else documents())} for name in names
    ]
    is_broken: bool = draw(_sometimes())
    if failures and is_broken:
        name = draw(st.sampled_from(sorted(failures)))
        found.append({name: draw(made.of(failures[name]))})
    return found


def _event(made: ShapeStrategies, shape: Any) -> Strategy:
    value = made.of(shape)
    # A chunk of a model's or an agent's own making.
    return _with(value, "bytes", bodies()) if "bytes" in shape.members else value


@st.composite
def _with(draw: st.DrawFn, given: Strategy, member: str, values: Strategy) -> dict[str, Any]:
    """The given members and one more."""
    return {**draw(given), member: draw(values)}


def _sometimes() -> st.SearchStrategy[bool]:
    return st.integers(0, 5).map(lambda number: number == 5)


class _Rest:
    """A structure without the member that streams."""

    def __init__(self, shape: Any, left_out: str) -> None:
        self.name = f"{shape.name} without {left_out}"
        self.type_name = "structure"
        self.serialization: dict[str, Any] = {}
        required = [name for name in shape.metadata.get("required", ()) if name != left_out]
        self.metadata = {"required": required}
        self.members = {name: member for name, member in shape.members.items() if name != left_out}


def _known(members: dict[str, Any]) -> dict[str, Any]:
    """An answer whose body streams has headers beside it, and those are all known."""
    return {name: value for name, value in members.items() if name != UNKNOWN}
