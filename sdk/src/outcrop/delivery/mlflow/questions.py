"""What goes wrong when an MLflow server or workspace is asked, in the errors that reading knows."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from outcrop.delivery.connection import NoAnswerError
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.delivery.server_api import NotLetInError, NotThereError, UnreachableError
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import OutcropError

_NOT_LET_IN = frozenset({401, 403})


@contextmanager
def asking(rest: MlflowRest, *, may_be_missing: bool = False) -> Generator[None, None, None]:
    """One question, which may be several requests.

    Args:
        rest: who is asked.
        may_be_missing: whether an answer that something is not there means what was asked for.

    Raises:
        OutcropError: with what happened.
    """
    base = rest.connection.base
    try:
        yield
    except NoAnswerError as error:
        raise UnreachableError(f"Traces cannot be reached at {base}: {error}.") from error
    except TokenUnavailableError as error:
        raise OutcropError(f"{base} cannot be asked: {error}.") from error
    except RefusedError as error:
        if error.is_missing and may_be_missing:
            raise NotThereError(f"There is no such thing at {base}: {error}.") from error
        kind = NotLetInError if error.status in _NOT_LET_IN else OutcropError
        raise kind(f"{base} answered {error}.") from error
    finally:
        # Kept for the requests of one question alone: nobody says when the last was asked.
        rest.close()
