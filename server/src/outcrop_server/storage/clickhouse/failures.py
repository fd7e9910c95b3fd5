"""What ClickHouse's errors mean for a caller: come back later, damaged, or wrong."""

from __future__ import annotations

from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from outcrop_server.model.errors import DamagedError, UnavailableError

RETRY_AFTER_S = 5
# Checksums that do not fit, files that cannot be read.
_DAMAGED = frozenset({40, 117, 246, 271, 432})
# The statement itself is at fault: it would be so tomorrow.
_OF_STATEMENTS = frozenset({6, 27, 36, 43, 46, 47, 49, 53, 62, 70, 306, 321, 349, 386})
_KEEPER = 999
_SHOWN = 300


def told(error: BaseException, doing: str) -> BaseException:
    """An error as callers are told of it; others as they are.

    Args:
        error: what was raised.
        doing: what could not be done, as in "The store could not …".
    """
    if not isinstance(error, (ClickHouseError, HTTPError, OSError)):
        return error
    code = code_of(error)
    if code in _OF_STATEMENTS:
        return error
    if code in _DAMAGED:
        return DamagedError(
            f"The database says that it is damaged ({line(error)}). ClickHouse's documentation says what to "
            "do; a backup may be needed."
        )
    return UnavailableError(f"The store could not {doing}: {line(error)}", retry_after_s=RETRY_AFTER_S)


def is_of_a_key_that_is_there(error: BaseException) -> bool:
    """Whether Keeper has a key already."""
    # 999 is every error of Keeper's, and of these this is the one that names the node.
    return code_of(error) == _KEEPER and "Node exists" in str(error)


def code_of(error: BaseException) -> int | None:
    """ClickHouse's number of an error; None if it is of the way there."""
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def line(error: BaseException) -> str:
    """The first line of an error; what follows may repeat a statement's values."""
    text = str(error).partition("\n")[0] or type(error).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
