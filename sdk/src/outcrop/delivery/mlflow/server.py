"""An MLflow server as a destination: who asks it, what is asked first, and how it is opened."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcrop.delivery.connection import Answer, Connection
from outcrop.delivery.credentials import Credentials, check_transport, read_credentials
from outcrop.delivery.http_words import readable
from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.keepers import Keeper, ServerKeeper
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError, Site, refusal
from outcrop.delivery.mlflow.sender import MlflowSender
from outcrop.exceptions import ConfigurationError
from outcrop.recording.forks import no_fork_meanwhile

if TYPE_CHECKING:
    import ssl

_USERNAME, _PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
_TOKEN, _INSECURE = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_INSECURE_TLS"
_CERTIFICATES = "MLFLOW_TRACKING_SERVER_CERT_PATH"
_VERSION = re.compile(r"\s*(\d+)\.(\d+)[.\w+-]*\s*")
_NOT_THERE = frozenset({404, 405, 501})


def version_in(answer: Answer) -> tuple[int, ...] | None:
    """The version that GET /version answers; None if that is no plain version."""
    found = _VERSION.fullmatch(answer.body[:100].decode("utf-8", "replace")) if answer.is_good else None
    return None if found is None else (int(found[1]), int(found[2]))


def mlflow_credentials(url: str, environment: Mapping[str, str] | None = None) -> Credentials:
    """By what Outcrop is known to an MLflow server: Outcrop's own variables first, then MLflow's.

    Raises:
        ConfigurationError: a variable is wrong, or a secret would go over an open network.
    """
    given = os.environ if environment is None else environment
    own = read_credentials(url, given)
    if own.names_somebody:
        return own
    username, token = given.get(_USERNAME, ""), given.get(_TOKEN, "")
    if not username and not token:
        return own
    check_transport(url, given)
    if username:
        pair = f"{username}:{given.get(_PASSWORD, '')}".encode()
        said = f"Basic {base64.b64encode(pair).decode()}"
    else:
        said = f"Bearer {token.strip()}"
    if not (said.isascii() and said.isprintable()):
        raise ConfigurationError(f"{_TOKEN} has letters or line breaks in it that no header can have.")
    return own.with_header("Authorization", said)


def tls_context(environment: Mapping[str, str] | None = None) -> ssl.SSLContext | None:
    """How the server's certificate is checked, where MLflow's variables say so; None for as usual."""
    given = os.environ if environment is None else environment
    is_insecure = given.get(_INSECURE, "").strip().lower() in {"1", "true"}
    certificates = given.get(_CERTIFICATES, "")
    if not is_insecure and not certificates:
        return None
    with no_fork_meanwhile():
        import ssl  # noqa: PLC0415  # for the few

    if not is_insecure:
        return ssl.create_default_context(cafile=certificates)
    context = ssl.create_default_context()
    # Who sets the variable asked for just this.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def open_rest(base: str, timeout_s: float = 30.0) -> MlflowRest:
    """The API of the server at an address.

    Raises:
        ConfigurationError: the environment's credentials cannot be used for it.
    """
    connection = Connection(base, mlflow_credentials(base), tls_context, timeout_s)
    return MlflowRest(connection, Site(base))


def server_sender(base: str, began_ns: int) -> MlflowSender:
    """What carries batches to the MLflow server at an address; for `began_ns` see `ServerKeeper`."""
    opened: list[MlflowRest] = []

    def open_keeper() -> Keeper:
        if not opened:
            opened.append(open_rest(base))
        return ServerKeeper(opened[0], version_of(opened[0]), began_ns)

    def close() -> None:
        for rest in opened:
            rest.connection.close()

    return MlflowSender(base, open_keeper, close)


def version_of(rest: MlflowRest) -> tuple[int, ...]:
    """The version of an MLflow server that takes spans.

    Raises:
        RefusedError: it is too old, or none.
        NoAnswerError: nothing answers.
    """
    answer = rest.connection.ask("GET", "/version")
    version = version_in(answer)
    if version is None:
        if not answer.is_good and answer.status not in _NOT_THERE:
            raise refusal(answer, rest.site)
        # A page is of no use in a line.
        shown = readable(answer.body)[:60] or f"HTTP {answer.status}"
        raise RefusedError(f"what answers there is no MLflow server (GET /version gives {shown!r})")
    if version < words.OLDEST:
        said = ".".join(map(str, version))
        raise RefusedError(
            f"MLflow {said} takes no spans: upgrade that server to 3.4 or later, or use an Outcrop server"
        )
    return version
