"""Who judges, where a judgement does not say: its source by kind, its author from `OUTCROP_USER`. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from outcrop.assessments import Assessment, AssessmentSource, AssessmentSourceType, Expectation
from outcrop.exceptions import ConfigurationError

USER_VARIABLE = "OUTCROP_USER"
_MAX_NAME = 500
_UNNAMED = "default"


def with_author(assessment: Assessment, environment: Mapping[str, str]) -> Assessment:
    """The judgement with a source and, where one is known, an author.

    A feedback's source is `CODE` by default, an expectation's a `HUMAN`. A human without a name is the user
    of `OUTCROP_USER`, if that is set. The author is that user too; without one, the human who is the source.

    Raises:
        ConfigurationError: `OUTCROP_USER` or the author has no valid form.
    """
    user = environment.get(USER_VARIABLE, "").strip()
    if len(user) > _MAX_NAME:
        raise ConfigurationError(f"{USER_VARIABLE} is longer than {_MAX_NAME} characters: give a name.")
    author = assessment.author
    if author is not None and not 0 < len(author.strip()) <= _MAX_NAME:
        raise ConfigurationError(f"An author is a name of 1 to {_MAX_NAME} characters, not {author!r:.100}.")
    is_expectation = isinstance(assessment, Expectation)
    by_kind = AssessmentSourceType.HUMAN if is_expectation else AssessmentSourceType.CODE
    source = assessment.source or AssessmentSource(by_kind)
    is_human = source.source_type == AssessmentSourceType.HUMAN
    if is_human and source.source_id == _UNNAMED and user:
        source = dataclasses.replace(source, source_id=user)
    if author is None:
        author = user or (source.source_id if is_human and source.source_id != _UNNAMED else None)
    return dataclasses.replace(assessment, source=source, author=author)
