"""OTLP attribute values to Python: text, bool, int, float, bytes, lists and dicts of these, None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_PLAIN = frozenset({"string_value", "bytes_value", "int_value", "double_value", "bool_value"})


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes by name; the last one wins where a sender wrote one twice."""
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        # Nearly all are plain: `any_value` is for lists and the like.
        found[pair.key] = getattr(value, kind) if kind in _PLAIN else any_value(value)
    return found


def any_value(value: AnyValue) -> Any:
    """One value; None if it is empty."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [any_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return attributes(value.kvlist_value.values)
    return None if kind is None else getattr(value, kind)
