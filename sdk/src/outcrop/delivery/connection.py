"""A kept-alive HTTP connection to one place, for senders that ask several routes (standard library only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outcrop.delivery.credentials import Credentials
from outcrop.delivery.http_words import TIMEOUT_S, in_words, wait_asked_for
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_object, as_text, parse_json
from outcrop.recording.forks import no_fork_meanwhile

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from http.client import HTTPConnection

_UNAUTHORIZED = 401


class NoAnswerError(OutcropError):
    """Nothing answers there; says why."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: its status.
        body: all of it.
        headers: by name in small letters.
        reason: the status in the server's words.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the request was fulfilled."""
        return 200 <= self.status < 300  # noqa: PLR2004  # HTTP's own ranges

    @property
    def json(self) -> JsonObject:
        """The body as a JSON object; empty if it is none."""
        return as_object(parse_json(self.body))

    @property
    def error_code(self) -> str:
        """MLflow's word for an error."""
        return as_text(self.json.get("error_code")) or ""

    @property
    def retry_after_s(self) -> float | None:
        """How long it asks us to wait, in seconds."""
        return wait_asked_for(self.headers.get("retry-after"))


class Connection:
    """One place, one thread at a time."""

    def __init__(
        self,
        base: str,
        credentials: Credentials | None = None,
        tls: Callable[[], ssl.SSLContext | None] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`base` may have a path, which goes before each route; `tls` gives how a server is checked."""
        self.base = base.rstrip("/")
        self._credentials = credentials or Credentials()
        self._parts = urlsplit(self.base)
        self._tls = tls
        self._timeout_s = timeout_s
        self._connection: HTTPConnection | None = None

    def ask(
        self, method: str, route: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a request, whatever its status.

        Raises:
            NoAnswerError: there is none.
            TokenUnavailableError: the token cannot be had now.
        """
        given = dict(headers or {})
        answer = self._ask(method, route, body, {**self._credentials.headers(), **given})
        # A token that has been changed meanwhile is fetched again, once.
        if answer.status == _UNAUTHORIZED and self._credentials.renew():
            answer = self._ask(method, route, body, {**self._credentials.headers(), **given})
        return answer

    def close(self) -> None:
        """Lets go of the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, route: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        with no_fork_meanwhile():
            from http.client import HTTPException  # noqa: PLC0415  # keeps `import outcrop` light

            # Loads what Python itself loads when it first looks up a host.
            "localhost".encode("idna")

        for is_retry in (False, True):
            is_reused = self._connection is not None
            try:
                connection = self._connection = self._connection or self._opened()
                connection.request(method, self._parts.path + route, body, dict(headers))
                response = connection.getresponse()
                answer = response.read()
            except (OSError, HTTPException) as error:
                self.close()
                # A kept-alive connection may have been closed by the server meanwhile: try a new one.
                if is_reused and not is_retry:
                    continue
                raise NoAnswerError(in_words(error)) from error
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answer, named, response.reason)
        raise AssertionError("unreachable: the second round always returns")

    def _opened(self) -> HTTPConnection:
        with no_fork_meanwhile():
            from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415  # as above

        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = None if self._tls is None else self._tls()
            return HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        return HTTPConnection(host, port, timeout=self._timeout_s)
