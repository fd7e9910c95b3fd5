"""Judgements as an export wrote them, read back. Pure."""

from __future__ import annotations

import re
from typing import Any, cast

from outcrop_server.model.annotations import Assessment, AssessmentContent
from outcrop_server.model.errors import BadRequestError

_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MAX_NAME = 500
_MAX_TEXT = 100_000
_MAX_TIME_NS = 2**63 - 1


def read_assessment(trace_id: bytes, given: Any) -> Assessment:
    """A judgement of a trace.

    Raises:
        BadRequestError: it is not of the form that an export has; says what is wrong.
    """
    try:
        return _assessment(trace_id, given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequestError(
            f"An assessment of trace {trace_id.hex()} is not of the form that an export has: "
            f"{type(error).__name__}: {str(error)[:200]}."
        ) from error


def texts(given: Any) -> dict[str, str]:
    """An object of texts, such as tags.

    Raises:
        BadRequestError: it is none.
    """
    known: dict[str, Any] = cast("dict[str, Any]", given) if isinstance(given, dict) else {"": None}
    if not all(isinstance(value, str) for value in known.values()):
        raise BadRequestError("Tags and metadata must be objects of texts.")
    # Half a surrogate pair, which JSON may name, is nothing that a column can hold.
    return {_sound(name): _sound(value) for name, value in known.items()}


def _assessment(trace_id: bytes, given: dict[str, Any]) -> Assessment:
    if _ID.fullmatch(given["assessment_id"]) is None:
        raise ValueError("assessment_id must be letters and digits")
    if given["kind"] not in {"feedback", "expectation"}:
        raise ValueError("kind must be feedback or expectation")
    source = given["source"]
    if source["type"] not in {"HUMAN", "LLM_JUDGE", "CODE"}:
        raise ValueError("source.type must be HUMAN, LLM_JUDGE or CODE")
    span_id = given.get("span_id")
    return Assessment(
        assessment_id=given["assessment_id"],
        trace_id=trace_id,
        kind=given["kind"],
        content=AssessmentContent(
            name=_text(given["name"], _MAX_NAME),
            value=given.get("value"),
            source_type=source["type"],
            source_id=_text(source["id"], _MAX_NAME),
            rationale=_optional(given.get("rationale"), _MAX_TEXT),
            metadata=texts(given.get("metadata") or {}),
            span_id=None if span_id is None else bytes.fromhex(span_id),
        ),
        created_at_ns=_moment(given["created_at_ns"]),
        updated_at_ns=_moment(given["updated_at_ns"]),
        author=_optional(given.get("author"), _MAX_NAME),
    )


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError(f"a text must have at most {limit} characters")
    return _sound(value)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _optional(value: Any, limit: int) -> str | None:
    return None if value is None else _text(value, limit)


def _moment(value: Any) -> int:
    moment = int(value)
    if not 0 <= moment <= _MAX_TIME_NS:
        raise ValueError("a moment must be nanoseconds since 1970")
    return moment
