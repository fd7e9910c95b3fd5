"""What PostgreSQL's errors mean for a caller: come back later, damaged, or wrong."""

from __future__ import annotations

import psycopg
from psycopg import errors

from outcrop_server.model.errors import DamagedError, UnavailableError

RETRY_AFTER_S = 5
# A failover leaves a connection at a server that only reads; a statement may run into what was dropped.
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionRollback,
)
# psycopg counts these among the passing ones: a value is larger than anything can hold, today and tomorrow.
_OF_VALUES = (errors.ProgramLimitExceeded, errors.StatementTooComplex)
_DAMAGED = (errors.DataCorrupted, errors.IndexCorrupted)
# Worth doing again at once: two were in each other's way.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


def is_of_the_database(error: BaseException) -> bool:
    """Whether it is the database that is at fault, or the way to it, not what was to be written."""
    return isinstance(error, (*_PASSING, *_DAMAGED)) and not isinstance(error, _OF_VALUES)


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions were in each other's way, so that trying again at once helps."""
    return isinstance(error, CONFLICTS)


def told(error: BaseException, doing: str) -> BaseException:
    """An error as callers are told of it; others as they are.

    Args:
        error: what was raised.
        doing: what could not be done, as in "The store could not …".
    """
    if isinstance(error, _DAMAGED):
        return DamagedError(
            f"The database says that it is damaged ({line(error)}). PostgreSQL's documentation says what to "
            "do; a backup may be needed."
        )
    if is_of_the_database(error):
        return UnavailableError(f"The store could not {doing}: {line(error)}", retry_after_s=RETRY_AFTER_S)
    return error


def line(error: BaseException) -> str:
    """The first line of an error: what follows may name hosts, or repeat a statement's values."""
    return str(error).partition("\n")[0] or type(error).__name__
