"""What can go wrong with a request, whoever made it. `api.problems` turns these into HTTP answers.

RequestError
├── BadRequestError            what was sent cannot be understood
│   ├── BadFilterError         a search's filter or order is wrong; carries where
│   └── SearchTooLongError     a search looks at more than it has time for
├── NotFoundError              nothing has this id
├── UnauthorizedError          the caller is not known
├── ForbiddenError             the caller may not ask
├── TooManyRequestsError       the caller asks too often; carries how long to wait
├── TooLargeError              more bytes than the server takes at once
├── UnsupportedMediaError      a content type or encoding that nobody here reads
├── RangeError                 there are no such bytes of what is asked for
├── UnavailableError           come back later; carries how long to wait
│   └── StoreFullError         the store has more waiting than it may hold
└── DamagedError               what was kept cannot be read any more
StoreError                the store cannot be opened or used; said at start
"""

from __future__ import annotations

from dataclasses import dataclass


class RequestError(Exception):
    """Base of the errors that a request can end in. The message says what was wrong and what to do."""


class BadRequestError(RequestError):
    """What was sent cannot be understood."""


@dataclass(frozen=True, slots=True)
class FilterFault:
    """What is wrong with a filter; see `outcrop.filter.errors.FilterError`."""

    message: str
    column: int
    suggestion: str | None
    excerpt: str


class BadFilterError(BadRequestError):
    """A search's filter or order is wrong.

    Attributes:
        fault: what, and where.
    """

    def __init__(self, message: str, fault: FilterFault) -> None:
        super().__init__(message)
        self.fault = fault


class SearchTooLongError(BadRequestError):
    """A search looks at more than it has time for. The message says how to narrow it."""


class NotFoundError(RequestError):
    """Nothing has this id."""


class UnauthorizedError(RequestError):
    """The caller is not known."""


class ForbiddenError(RequestError):
    """The caller may not ask."""


class TooManyRequestsError(RequestError):
    """The caller asks too often.

    Attributes:
        retry_after_s: seconds after which it is heard again.
    """

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLargeError(RequestError):
    """More bytes than the server takes at once."""


class UnsupportedMediaError(RequestError):
    """A content type or encoding that nobody here reads."""


class RangeError(RequestError):
    """There are no such bytes of what is asked for.

    Attributes:
        size: how many bytes there are.
    """

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size


class UnavailableError(RequestError):
    """The server cannot take this now.

    Attributes:
        retry_after_s: seconds after which trying again makes sense.
    """

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreFullError(UnavailableError):
    """The store has more waiting to be committed than it may hold."""


class DamagedError(RequestError):
    """What was kept cannot be read any more: something else changed the file. Trying again is no use."""


class StoreError(Exception):
    """The store cannot be opened or used. The message says why and what to do."""
