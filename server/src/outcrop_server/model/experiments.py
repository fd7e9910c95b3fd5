"""What people say of an experiment. Made by the API, kept by a store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExperimentFacts:
    """What an edit may change of an experiment.

    Attributes:
        name: by which programs and people call it.
        description: what it is for.
        archived_at_ns: since when it is put away, nanoseconds since the epoch; None while it is not. It
            takes traces all the same.
        retention: its own limits in the words of the option `retain_experiments`, such as `age=30d` or
            `keep`; None without.
    """

    name: str
    description: str = ""
    archived_at_ns: int | None = None
    retention: str | None = None
