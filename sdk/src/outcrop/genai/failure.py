"""What is said of a failed span beside its error's type. Pure."""

from __future__ import annotations


def without_type(kind: str | None, message: str) -> str:
    """An error's message without its type in front, which is told apart.

    OpenTelemetry's own SDK, and what is built on it, writes both into the description of the status.

    Args:
        kind: the type, with or without its module.
        message: as the span has it.
    """
    name = (kind or "").rpartition(".")[2]
    return message.removeprefix(f"{name}: ") if name else message
