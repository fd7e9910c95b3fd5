"""What is wrong with a filter, and where."""

from __future__ import annotations

from outcrop.exceptions import ConfigurationError


class FilterError(ConfigurationError):
    """A filter cannot be understood.

    Attributes:
        column: where the fault is, from 1.
    """

    def __init__(self, message: str, column: int) -> None:
        """`message` is a sentence that says what would be right."""
        super().__init__(f"{message} (column {column})")
        self.column = column
