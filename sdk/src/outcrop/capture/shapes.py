"""What a value of any type is shown as: items, entries, text, another value, or its `repr`.

One level at a time, for `bounded`, which decides how much of it there is room for. The value's type is asked
rather than the value: an object may answer anything to any name (`__getattr__`, a mock). Libraries are known
by the shape of their classes, so none is imported.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import ItemsView, Iterable, KeysView, Mapping, ValuesView
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from enum import Enum
from math import prod
from typing import Any, cast

MAX_ARRAY_ITEMS = 10_000  # a larger array is shown by its shape and its first elements
HIDDEN = "<hidden: its class keeps it out of its repr>"
_FIRST_ITEMS = 100
_FIRST_COLUMNS = 50
_MAX_BYTES = 750_000  # what base64 makes 1 MB of

_DICT: Any = dict
_TUPLE: Any = tuple
_SEQUENCES: tuple[Any, ...] = (list, tuple, set, frozenset, deque)
_VIEWS: tuple[Any, ...] = (KeysView, ValuesView, ItemsView)
_ARRAY_NAMES = ("tolist", "shape", "dtype")  # numpy, torch, jax, a pandas Series
_FRAME_NAMES = ("iloc", "columns", "to_dict", "shape")  # a pandas DataFrame


@dataclass(slots=True)
class Shape:
    """What a value is shown as."""


@dataclass(slots=True)
class Items(Shape):
    """A list. `is_foreign` where drawing an item runs other people's code."""

    items: Iterable[Any]
    size: int
    is_foreign: bool = False


@dataclass(slots=True)
class Entries(Shape):
    """An object."""

    entries: Iterable[tuple[Any, Any]]
    size: int
    is_foreign: bool = False


@dataclass(slots=True)
class Text(Shape):
    """Text, or the beginning of what has `size` units in all."""

    text: str
    size: int
    unit: str = "characters"
    is_whole: bool = True


@dataclass(slots=True)
class Instead(Shape):
    """Another value, which stands for it."""

    instead: Any


@dataclass(slots=True)
class Repr(Shape):
    """Nothing is known of it but its `repr`."""


_REPR = Repr()
_UNSET = object()


def shape_of(value: Any, kind: Any) -> Shape | float:
    """The shape of a value of type `kind`, which is none of None, bool and str; a number is given as it is.

    Raises:
        Exception: whatever the value's own methods raise.
    """
    if issubclass(kind, Enum):
        return Instead(value._value_)
    # By the base's own methods: a subclass may have replaced them.
    if issubclass(kind, int):
        return int.__int__(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, str):
        return Text(str.__str__(value), str.__len__(value))
    if issubclass(kind, _DICT):
        return Entries(_DICT.items(value), _DICT.__len__(value))
    if issubclass(kind, _SEQUENCES):
        return _sequence(value, kind)
    if issubclass(kind, bytes | bytearray | memoryview):
        return _binary(value)
    if issubclass(kind, date | time):
        return Text(text := value.isoformat(), len(text))
    return _record(value, kind) or _foreign(value, kind)


def _sequence(value: Any, kind: Any) -> Shape:
    names: Any = getattr(kind, "_fields", None)
    if issubclass(kind, _TUPLE) and type(names) is tuple:
        return Entries(
            zip(cast("tuple[str, ...]", names), _TUPLE.__iter__(value), strict=False), _TUPLE.__len__(value)
        )
    base = next(base for base in _SEQUENCES if issubclass(kind, base))
    return Items(base.__iter__(value), base.__len__(value))


def _binary(value: Any) -> Shape:
    size = getattr(value, "nbytes", None) or len(value)
    if size <= _MAX_BYTES:
        return Text(base64.b64encode(bytes(value)).decode(), size, "bytes")
    if not getattr(value, "c_contiguous", True):
        # Its beginning cannot be had without copying all of it.
        return Text("", size, "bytes", is_whole=False)
    first = memoryview(value).cast("B")[:_MAX_BYTES]
    return Text(base64.b64encode(first).decode(), size, "bytes", is_whole=False)


def _record(value: Any, kind: Any) -> Shape | None:
    """Classes that name their fields: dataclasses, attrs, pydantic."""
    if is_dataclass(kind):
        return _fields_of(value, {field.name: field for field in fields(kind)})
    declared = getattr(kind, "__attrs_attrs__", None)
    if declared:
        return _fields_of(value, {field.name: field for field in declared})
    declared = getattr(kind, "__pydantic_fields__", None) or getattr(kind, "model_fields", None)
    if isinstance(declared, dict):
        found = _fields_of(value, cast("dict[str, Any]", declared))
        more: dict[str, Any] = getattr(value, "__pydantic_extra__", None) or {}
        return Entries([*found.entries, *more.items()], found.size + len(more))
    return None


def _fields_of(value: Any, declared: Mapping[str, Any]) -> Entries:
    found: list[tuple[str, Any]] = []
    for name, field in declared.items():
        # What its author keeps out of every dump or repr, a secret perhaps, stays out of traces too.
        if getattr(field, "exclude", None) is True or not getattr(field, "repr", True):
            found.append((name, HIDDEN))
        elif (member := getattr(value, name, _UNSET)) is not _UNSET:
            found.append((name, member))
    return Entries(found, len(found))


def _foreign(value: Any, kind: Any) -> Shape:
    if all(hasattr(kind, name) for name in _ARRAY_NAMES):
        return _array(value, kind)
    if all(hasattr(kind, name) for name in _FRAME_NAMES):
        return _frame(value, kind)
    if issubclass(kind, Mapping):
        return Entries(value.items(), len(value), is_foreign=True)
    if issubclass(kind, _VIEWS):
        return Items(value, len(value), is_foreign=True)
    if all(hasattr(kind, name) for name in ("tolist", "typecode", "itemsize")):
        # The standard library's own array.
        return Items(value, len(value))
    return _REPR


def _array(value: Any, kind: Any) -> Shape:
    shape = [int(length) for length in value.shape]
    count = prod(shape)
    if count <= MAX_ARRAY_ITEMS:
        plain = value.tolist()
        return _REPR if type(plain) is kind else Instead(plain)
    first = value
    for _ in shape[1:]:
        first = first[0]
    some = [*first[:_FIRST_ITEMS].tolist(), f"… (cut: {count:,} elements in all)"]
    return Instead({"type": _full_name(kind), "shape": shape, "dtype": str(value.dtype), "first": some})


def _frame(value: Any, kind: Any) -> Shape:
    rows, columns = (int(length) for length in value.shape)
    some = value.iloc[:_FIRST_ITEMS, :_FIRST_COLUMNS]
    found = {"type": _full_name(kind), "shape": [rows, columns], **some.to_dict(orient="split")}
    if rows > _FIRST_ITEMS or columns > _FIRST_COLUMNS:
        found["…"] = f"… (cut: {rows:,} rows of {columns:,} columns in all)"
    return Instead(found)


def _full_name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
