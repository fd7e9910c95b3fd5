"""What answers at a plain address, an Outcrop server or MLflow's, is asked once, on the delivery thread.

Both answer GET /version with a version; only an Outcrop server says whose it is, in a header.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from outcrop.delivery.connection import Answer, Connection, NoAnswerError
from outcrop.delivery.http_sender import HttpSender, judge
from outcrop.delivery.sender import Sender, Sent
from outcrop.delivery.token_errors import TokenUnavailableError

_VERSION = re.compile(rb"\s*\d+\.\d+[.\w+-]*\s*")
_OUTCROP_HEADER = "x-outcrop-version"
# Who is answered so by what stands before a server has not been told what the server is.
_NOT_YET = frozenset({429, 502, 503, 504})
_NOT_LET_IN = frozenset({401, 403})


class Recognition:
    """What is known of one address, for sending and reading alike.

    Attributes:
        is_mlflow: whether MLflow's server answers there; None before anything has.
    """

    is_mlflow: bool | None = None

    def ask(self, connection: Connection, path: str = "") -> Answer:
        """Asks, and keeps what the answer means; gives the answer.

        Raises:
            NoAnswerError: nothing answers.
            TokenUnavailableError: the token cannot be had now.
        """
        answer = connection.ask("GET", f"{path}/version")
        if answer.is_good:
            is_outcrop = _OUTCROP_HEADER in answer.headers
            self.is_mlflow = not is_outcrop and _VERSION.fullmatch(answer.body[:100]) is not None
        # Older Outcrop servers have no such route; and who is not let in may be asked again.
        elif answer.status not in _NOT_YET | _NOT_LET_IN:
            self.is_mlflow = False
        return answer


class RecognisingSender:
    """Sends in the form that the server there takes; until it is known nothing leaves."""

    def __init__(
        self, outcrop: HttpSender, path: str, recognition: Recognition, make_mlflow: Callable[[], Sender]
    ) -> None:
        """Asks over the connection on which an Outcrop server will get its spans.

        Args:
            outcrop: the sender for an Outcrop server.
            path: of the tracking URI; most have none.
            recognition: where to note what answers.
            make_mlflow: gives the sender for an MLflow server.
        """
        self._outcrop = outcrop
        self._path = path
        self._recognition = recognition
        self._make_mlflow = make_mlflow
        self._mlflow: Sender | None = None

    @property
    def name(self) -> str:
        """The endpoint."""
        return self._outcrop.name if self._mlflow is None else self._mlflow.name

    def post(self, body: bytes) -> Sent:
        """Delivers a batch; says how that went."""
        if self._mlflow is None and not self._recognition.is_mlflow:
            unasked = self._ask() if self._recognition.is_mlflow is None else None
            if unasked is not None:
                return unasked
        if not self._recognition.is_mlflow:
            return self._outcrop.post(body)
        if self._mlflow is None:
            self._outcrop.close()
            self._mlflow = self._make_mlflow()
        return self._mlflow.post(body)

    def close(self) -> None:
        """Lets go of the connections."""
        self._outcrop.close()
        if self._mlflow is not None:
            self._mlflow.close()

    def _ask(self) -> Sent | None:
        """None once it may be sent."""
        try:
            answer = self._recognition.ask(self._outcrop.connection, self._path)
        except (NoAnswerError, TokenUnavailableError) as error:
            return Sent(False, reason=str(error))
        return judge(answer) if answer.status in _NOT_YET else None
