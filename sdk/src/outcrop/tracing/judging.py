"""Feedback, expectations and tags of traces that have run: kept where the traces are."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from outcrop.exceptions import ConfigurationError
from outcrop.recording.current import current_trace_span
from outcrop.recording.span import LiveSpan
from outcrop.tracing.grouping import update_current_trace
from outcrop.tracing.reading import plain_trace_id, reading_destination

if TYPE_CHECKING:
    from outcrop.assessments import Assessment, AssessmentSource

_MAX_NAME = 500


def log_feedback(
    *,
    trace_id: str,
    name: str = "feedback",
    value: Any = None,
    source: AssessmentSource | None = None,
    rationale: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    span_id: str | None = None,
    author: str | None = None,
) -> Assessment:
    """Says how good a trace, or one span of it, was.

    What has ended in this process is delivered first, and the call waits for the destination's answer.

    Args:
        trace_id: 32 hexadecimal digits; a leading `tr-` is allowed.
        name: what is judged, such as `correctness`.
        value: the judgement: a number, a text, true or false, or lists and objects of these.
        source: who judged; `AssessmentSource("CODE")` by default.
        rationale: why, in words.
        metadata: further facts; values become text.
        span_id: the span that is judged, 16 hexadecimal digits; the whole trace by default.
        author: who writes it down; the variable `OUTCROP_USER` by default, else the human who is the source.

    Returns:
        The feedback as it was kept, with its `assessment_id`.

    Raises:
        ConfigurationError: an argument has no valid form; the message says which one has.
        OutcropError: there is no such trace, or the destination cannot be asked.
    """
    from outcrop.assessments import Feedback  # noqa: PLC0415  # a program that only traces never judges

    judgement = Feedback(
        name=name,
        value=value,
        source=source,
        rationale=rationale,
        metadata=metadata or {},
        span_id=span_id,
        author=author,
    )
    return log_assessment(trace_id, judgement)


def log_expectation(
    *,
    trace_id: str,
    name: str,
    value: Any,
    source: AssessmentSource | None = None,
    metadata: Mapping[str, Any] | None = None,
    span_id: str | None = None,
    author: str | None = None,
) -> Assessment:
    """Says what the right answer would have been; see `log_feedback` for arguments and errors.

    The source is `AssessmentSource("HUMAN")` by default, of the id that `OUTCROP_USER` names.
    """
    from outcrop.assessments import Expectation  # noqa: PLC0415  # likewise

    judgement = Expectation(
        name=name,
        value=value,
        source=source,
        metadata=metadata or {},
        span_id=span_id,
        author=author,
    )
    return log_assessment(trace_id, judgement)


def log_assessment(trace_id: str, assessment: Assessment) -> Assessment:
    """Keeps a `Feedback` or an `Expectation` of a trace; see `log_feedback` for defaults and errors."""
    from outcrop.tracing.authors import with_author  # noqa: PLC0415  # likewise

    _check_kind(assessment)
    signed = with_author(assessment, os.environ)
    ready = _checked(dataclasses.replace(signed, trace_id=plain_trace_id(trace_id)))
    return reading_destination().add_assessment(ready)


def update_assessment(trace_id: str, assessment_id: str, assessment: Assessment) -> Assessment:
    """Puts another judgement in the place of a kept one, whose kind and time of creation stay.

    Args:
        trace_id: 32 hexadecimal digits; a leading `tr-` is allowed.
        assessment_id: of the judgement that is to change.
        assessment: what it says from now on; without a source the old one stays.

    Returns:
        The judgement as it is kept now.

    Raises:
        ConfigurationError: a member has no valid form.
        OutcropError: there is none of this id, or the destination cannot be asked.
    """
    named = dataclasses.replace(
        assessment, trace_id=plain_trace_id(trace_id), assessment_id=_checked_id(assessment_id)
    )
    return reading_destination().update_assessment(_checked(named))


def delete_assessment(trace_id: str, assessment_id: str) -> None:
    """Deletes a judgement; see `update_assessment` for arguments and errors."""
    reading_destination().delete_assessment(plain_trace_id(trace_id), _checked_id(assessment_id))


def set_trace_tag(trace_id: str, key: str, value: Any) -> None:
    """Sets a tag of a trace, of one that runs here as well; it counts whatever spans say later.

    Args:
        trace_id: 32 hexadecimal digits; a leading `tr-` is allowed.
        key: the tag's name.
        value: becomes text.

    Raises:
        ConfigurationError: the key is empty.
        OutcropError: there is no such trace, or the destination cannot be asked.
    """
    plain_id = plain_trace_id(trace_id)
    _check_name("A tag", key)
    current = current_trace_span()
    if isinstance(current, LiveSpan) and current.trace_id == plain_id:
        # Its spans are not there yet that could be tagged.
        update_current_trace(tags={key: value})
        return
    reading_destination().edit_tags(plain_id, {key: str(value)})


def delete_trace_tag(trace_id: str, key: str) -> None:
    """Deletes a tag of a trace that has ended; it stays deleted whatever spans say later.

    See `set_trace_tag` for arguments and errors. A tag that is not there is no error.
    """
    _check_name("A tag", key)
    reading_destination().edit_tags(plain_trace_id(trace_id), {key: None})


def _checked(assessment: Assessment) -> Assessment:
    """The judgement with a value and metadata that every destination keeps alike."""
    _check_name("An assessment", assessment.name)
    try:
        value = json.loads(json.dumps(assessment.value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"An assessment's value must have a JSON form (numbers, text, booleans, lists, objects): {error}."
        ) from error
    metadata = {str(key): str(value) for key, value in assessment.metadata.items()}
    span_id = None if assessment.span_id is None else _checked_span_id(assessment.span_id)
    return dataclasses.replace(assessment, value=value, metadata=metadata, span_id=span_id)


def _check_kind(assessment: Any) -> None:
    from outcrop.assessments import Expectation, Feedback  # noqa: PLC0415  # likewise

    if not isinstance(assessment, Feedback | Expectation):
        raise ConfigurationError(
            f"Give a Feedback or an Expectation of outcrop.entities, not {type(assessment).__name__}."
        )


def _check_name(what: str, name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > _MAX_NAME:
        raise ConfigurationError(f"{what} needs a name of 1 to {_MAX_NAME} characters, not {name!r:.100}.")


def _checked_span_id(span_id: str) -> str:
    digits = span_id.lower()
    if len(digits) != 16 or not set(digits) <= set("0123456789abcdef"):  # noqa: PLR2004  # OpenTelemetry's size
        raise ConfigurationError(f"{span_id!r:.100} is no span id: give 16 hexadecimal digits.")
    return digits


def _checked_id(assessment_id: str) -> str:
    if not assessment_id:
        raise ConfigurationError("An assessment id is needed, such as `log_feedback(...).assessment_id`.")
    return assessment_id
