"""Anything as an attribute: as it is where OpenTelemetry has a type for it, else as JSON text; bounded."""

from __future__ import annotations

import traceback
from typing import Any, cast

from outcrop.capture.render import MAX_JSON_BYTES, cut_bytes, cut_text, to_json
from outcrop.semconv import gen_ai

_MAX_LIST = 1_000
_MAX_BITS = 63  # what OTLP's integers hold, beside the sign
_PLAIN = frozenset({str, bool, int, float})


def attribute_key(key: Any) -> str:
    """The key as text."""
    return key if type(key) is str else str.__str__(key) if isinstance(key, str) else to_json(key)


def attribute_value(value: Any) -> Any:
    """A value that can be encoded; a list of plain values stays one, other objects become JSON text."""
    kind = type(value)  # pyright: ignore[reportUnknownVariableType]  # of anything
    if kind is str:
        return cut_text(value)
    if kind is bool or kind is float:
        return value
    if issubclass(kind, str):
        return cut_text(str.__str__(value))
    if issubclass(kind, int):
        return int.__int__(value) if int.bit_length(value) <= _MAX_BITS else to_json(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, bytes):
        return cut_bytes(value)
    if kind is list or kind is tuple:
        return _list(list(value[:_MAX_LIST]), value)
    return to_json(value)


def _list(first: list[Any], value: Any) -> Any:
    """`first` is the beginning of the list `value`."""
    if len(first) < len(value) or not _PLAIN.issuperset(map(type, first)):
        return to_json(value)
    texts = sum(len(member) for member in first if type(member) is str)
    is_huge = any(type(member) is int and member.bit_length() > _MAX_BITS for member in first)
    return to_json(value) if is_huge or texts > MAX_JSON_BYTES else first


def message_of(exception: BaseException) -> str:
    """What the exception says."""
    try:
        return cut_text(str(exception))
    except Exception:  # noqa: BLE001  # a program's own __str__ may do anything
        return f"<{type(exception).__name__} whose message cannot be read>"


def exception_attributes(exception: BaseException) -> dict[str, str]:
    """Type, message and stack trace, by OpenTelemetry's names."""
    kind = cast("type[Any]", type(exception))
    try:
        stack = "".join(traceback.format_exception(kind, exception, exception.__traceback__))
    except Exception as error:  # noqa: BLE001  # as above: notes and causes are the program's own too
        stack = f"<its stack cannot be read: {type(error).__name__}>"
    return {
        gen_ai.EXCEPTION_TYPE: f"{kind.__module__}.{kind.__qualname__}",
        gen_ai.EXCEPTION_MESSAGE: message_of(exception),
        gen_ai.EXCEPTION_STACKTRACE: cut_text(stack),
    }
