"""Arrays as PostgreSQL reads them from text. Pure.

Made here where there are many values of one kind: psycopg looks at each of them as if it might be any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def integers(values: Iterable[int | None]) -> str:
    """An array of whole numbers."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def byteas(values: Iterable[bytes]) -> str:
    """An array of bytes."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
