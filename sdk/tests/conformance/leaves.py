"""Hypothesis strategies for values without members: texts, numbers, times, bytes, documents.

Limits are those that botocore checks: `min` of lengths and numbers, and `max` so that values stay small.
"""

from __future__ import annotations

import json
import string
from datetime import datetime, timezone
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

_MORE = 6
_TEXT = st.characters(exclude_categories=["Cs"])
_HEADER = st.sampled_from(string.ascii_letters + string.digits + "-_:/.,;=+@")
# A label of a path is encoded, but a segment of dots alone would still be folded away.
_LABEL = st.sampled_from(string.ascii_letters + string.digits + ":/-_ é")
_ISO = "iso8601"
_LIMITS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**53), 2**53)}
_FLOAT_LIMIT = 1e6


def leaf(shape: Any, *, is_request: bool) -> Strategy:
    """Values of a scalar shape."""
    kind = shape.type_name
    if kind == "string":
        return _string(shape, is_request=is_request)
    if kind in _LIMITS:
        if shape.serialization.get("location") == "statusCode":
            return st.sampled_from([200, 201, 202])
        low, high = _LIMITS[kind]
        return st.integers(int(shape.metadata.get("min", low)), int(shape.metadata.get("max", high)))
    if kind in {"float", "double"}:
        low, high = shape.metadata.get("min", -_FLOAT_LIMIT), shape.metadata.get("max", _FLOAT_LIMIT)
        return st.floats(float(low), float(high), allow_nan=False, allow_infinity=False)
    if kind == "timestamp":
        return _moments(shape)
    return st.booleans() if kind == "boolean" else _blobs(shape, is_request=is_request)


def documents() -> Strategy:
    """Any JSON value that botocore takes as a document: an object at the top."""
    scalars = st.booleans() | st.integers(-(2**53), 2**53) | st.text(_TEXT, max_size=_MORE) | _floats()
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_names(), inner, max_size=2),
        max_leaves=4,
    )
    return st.dictionaries(_names(), values, max_size=3)


def bodies() -> Strategy:
    """Bytes of a body that no model describes: JSON of no vendor's shape, words, or neither."""
    objects = documents().map(lambda value: json.dumps(value).encode())
    words = st.text(_TEXT, min_size=1, max_size=20).map(str.encode)
    return st.one_of(objects, words, st.binary(min_size=1, max_size=20), st.just(b"\x89PNG\xff\x00"))


def _names() -> Strategy:
    # Names that no vendor uses, so that no codec takes the value for its own.
    return st.text(string.ascii_lowercase, min_size=1, max_size=4).map(lambda name: f"zq{name}")


def _floats() -> Strategy:
    return st.floats(-_FLOAT_LIMIT, _FLOAT_LIMIT, allow_nan=False)


def _string(shape: Any, *, is_request: bool) -> Strategy:
    names = list(getattr(shape, "enum", ()))
    if names:
        # A service may answer with a value that it learned yesterday.
        return st.sampled_from(names if is_request else [*names, "zzNewValue"])
    low = int(shape.metadata.get("min", 0))
    high = max(low, min(int(shape.metadata.get("max", low + _MORE)), low + _MORE))
    location = shape.serialization.get("location")
    if location == "uri":
        return st.text(_LABEL, min_size=max(low - 1, 0), max_size=max(high - 1, 0)).map(lambda t: f"a{t}")
    if location in {"header", "headers"}:
        return st.text(_HEADER, min_size=max(low, 1), max_size=max(high, 1))
    return st.text(_TEXT, min_size=low, max_size=high)


def _moments(shape: Any) -> Strategy:
    moments = st.datetimes(
        datetime(1971, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        datetime(2099, 1, 1),  # noqa: DTZ001  # as above
        timezones=st.just(timezone.utc),
    )
    # Fractions survive in texts alone: older botocore cuts them from numbers.
    if str(shape.serialization.get("timestampFormat", "")).lower() == _ISO:
        return moments
    return moments.map(lambda moment: moment.replace(microsecond=0))


def _blobs(shape: Any, *, is_request: bool) -> Strategy:
    low = int(shape.metadata.get("min", 0))
    blobs = st.binary(min_size=low, max_size=low + _MORE)
    if not is_request:
        return blobs
    # boto3 takes text and bytearrays for bytes.
    return blobs | blobs.map(bytearray) | st.text(string.ascii_letters, min_size=low, max_size=low + _MORE)
