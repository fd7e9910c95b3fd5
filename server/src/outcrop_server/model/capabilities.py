"""What an engine is, as far as others have to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreCapabilities:
    """What is told of a store's engine, and what it has; people see no more of what it lacks.

    Attributes:
        engine: name and version, for people.
        is_file: it lies in a file of this machine, whose disk and log can be looked at; else a database
            server has it, whose own tools look after it.
        traces_a_step: how many traces are deleted at once, so that nobody else waits for long.
        ages_by_days: whether it keeps days (UTC) apart, so that what is removed for its age is better
            removed by whole ones.
    """

    engine: str
    is_file: bool
    traces_a_step: int = 50
    ages_by_days: bool = False
