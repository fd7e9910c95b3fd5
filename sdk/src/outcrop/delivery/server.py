"""An Outcrop server (or another OTLP/HTTP endpoint) as a destination: the pipeline and the read API.

An MLflow server has an address of the same form; it is recognised when something answers there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outcrop.delivery.asking import Asking
from outcrop.delivery.connection import Connection, NoAnswerError
from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.recognising import RecognisingSender, Recognition
from outcrop.delivery.sender import Sender
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import OutcropError
from outcrop.otlp.records import EncodedSpan
from outcrop.recording.forks import no_fork_meanwhile

if TYPE_CHECKING:
    from outcrop.delivery.server_api import ServerApi

_TRACES_PATH = "/v1/traces"


class ServerDestination(Delivering, Asking):
    """Sends to `{uri}/v1/traces` and reads from `{uri}/api`."""

    def __init__(
        self, uri: str, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """`uri` is the tracking URI.

        One that names the OTLP route, such as `https://HOST/v1/traces`, is that of another back end, which
        gets the conventions' own form of each span instead of the raw exchange.

        Raises:
            ConfigurationError: the token or further headers in the environment cannot be used for it.
        """
        base = uri.rstrip("/")
        # Who names the route speaks of another back end: an Outcrop server is named by its address alone.
        is_outcrop = not base.endswith(_TRACES_PATH)
        endpoint = base + _TRACES_PATH if is_outcrop else base
        self._base = endpoint.removesuffix(_TRACES_PATH)
        folder = spool_dir_for(self._base, spool_root)
        # Kept by a forked child too: it need not fetch the token again.
        self._credentials = credentials = read_credentials(endpoint)
        # What a forked child is told by its parent still holds.
        self._began_ns = time.time_ns()
        self._recognition = recognition = Recognition()
        path = urlsplit(self._base).path

        def make_sender() -> Sender:
            plain = HttpSender(endpoint, credentials)
            if not is_outcrop:
                return plain
            return RecognisingSender(plain, path, recognition, self._mlflow_sender)

        pipeline = Pipeline(
            make_sender,
            lambda on_drop: Spool(folder, on_drop),
            resource,
            mode=mode,
            prepare=None if is_outcrop else _for_another_back_end,
        )
        super().__init__(pipeline)

    def _mlflow_sender(self) -> Sender:
        with no_fork_meanwhile():
            from outcrop.delivery.mlflow.server import server_sender  # noqa: PLC0415  # for those who have one

        return server_sender(self._base, self._began_ns)

    def _make_api(self) -> ServerApi:
        from outcrop.delivery.server_api import ServerApi, UnreachableError  # noqa: PLC0415  # see Asking.api

        recognition = self._recognition
        if recognition.is_mlflow is None:
            connection = Connection(self._base, self._credentials)
            try:
                recognition.ask(connection)
            except NoAnswerError as error:
                raise UnreachableError(f"Traces cannot be read from {self._base}: {error}.") from error
            except TokenUnavailableError as error:
                raise OutcropError(f"{self._base} cannot be asked: {error}.") from error
            finally:
                connection.close()
        if not recognition.is_mlflow:
            return ServerApi(self._base, self._credentials)
        from outcrop.delivery.mlflow.api import MlflowApi  # noqa: PLC0415  # for those who have one
        from outcrop.delivery.mlflow.server import open_rest  # noqa: PLC0415  # likewise

        return MlflowApi(open_rest(self._base))


def _for_another_back_end(span: EncodedSpan) -> EncodedSpan:
    with no_fork_meanwhile():
        # The readers load with the first.
        from outcrop.delivery.normalised_spans import normalise_encoded  # noqa: PLC0415

    return normalise_encoded(span)
