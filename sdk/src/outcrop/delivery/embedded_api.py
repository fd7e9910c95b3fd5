"""A server's API over a store in this process: the same requests and answers, without a connection."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from outcrop.delivery.server_api import ServerApi, to_data
from outcrop.exceptions import OutcropError

if TYPE_CHECKING:
    from outcrop.delivery.embedded import EmbeddedStore
    from outcrop.delivery.server_streams import Answer

_REFUSED = 400


class EmbeddedApi(ServerApi):
    """Asks a store. Nobody tells of what others write to it, so it has no tail."""

    has_tail = False

    def __init__(self, name: str, open_store: Callable[[], EmbeddedStore]) -> None:
        """`name` is the store's, in the words of errors."""
        super().__init__(name)
        self._open_store = open_store

    def page_url(self, trace_id: str) -> str | None:  # noqa: ARG002  # as the base's
        """No server, no page."""
        return None

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = 0) -> bytes:  # noqa: ARG002  # as the base's
        """The answer to a request; there is no network to wait for."""
        return self._answer_to(method, path, to_data(body))

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002  # nobody has to be told who asks
        timeout_s: float = 0,  # noqa: ARG002  # as above
    ) -> Generator[Answer, None, None]:
        """The answer, which is whole when it is given; pieces are taken when they are made."""
        yield _WholeAnswer(self._answer_to(method, path, to_data(body)))

    def _answer_to(self, method: str, path: str, body: bytes | Iterator[bytes] | None) -> bytes:
        try:
            status, answer = self._open_store().ask(method, path, body)
        except OSError as error:
            raise OutcropError(f"Traces cannot be read from {self._base}: {error}.") from error
        if status >= _REFUSED:
            raise self.refusal(status, answer)
        return answer


class _WholeAnswer:
    content_type = ""

    def __init__(self, answer: bytes) -> None:
        self._left = BytesIO(answer)

    def read(self, size: int) -> bytes:
        return self._left.read(size)

    def readline(self) -> bytes:
        return self._left.readline()
