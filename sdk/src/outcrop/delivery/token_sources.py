"""Where the server's token comes from: the environment, a file, AWS Secrets Manager, Databricks secrets.

A source is asked on the delivery thread, when the token is needed. What it gives goes into a request's
header and nowhere else: not into a log, a span, an exception or a `repr`.
"""

from __future__ import annotations

import base64
import importlib
import json
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from opentelemetry import context as otel_context

from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.recording.forks import no_fork_meanwhile

_TIMEOUT_S = 5
# They print whole answers at level DEBUG.
_TALKATIVE_LOGGERS = ("botocore.parsers", "databricks.sdk")
# OpenTelemetry's instrumentations of AWS and HTTP libraries look for this name in the context.
_SUPPRESS = "suppress_instrumentation"


class TokenSource(Protocol):
    """Gives a token."""

    @property
    def may_change(self) -> bool:
        """Whether asking again may give another token."""
        ...

    def fetch(self) -> str:
        """The token as it is now; may take seconds.

        Raises:
            TokenUnavailableError: it cannot be had now.
        """
        ...


@dataclass(frozen=True)
class GivenToken:
    """A token that the environment holds itself."""

    token: str = field(repr=False)
    may_change = False

    def fetch(self) -> str:
        """The token."""
        return self.token


@dataclass(frozen=True)
class TokenFile:
    """A file that holds the token and nothing else, as orchestrators mount secrets."""

    path: Path
    may_change = True

    def fetch(self) -> str:
        """Reads the file."""
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise TokenUnavailableError(f"the token's file {self.path} cannot be read") from None


@dataclass(frozen=True)
class SecretsManagerToken:
    """A secret of AWS Secrets Manager, read with the credentials that botocore finds.

    Attributes:
        secret_id: name or ARN; an ARN names its region too.
        json_key: the member that is meant where the secret is a JSON object; None for the whole.
    """

    secret_id: str
    json_key: str | None = None
    may_change = True

    def fetch(self) -> str:
        """Asks Secrets Manager."""
        with unseen():
            try:
                answer = self._ask()
            except Exception as error:  # noqa: BLE001  # botocore's, the network's: all mean the same here
                raise TokenUnavailableError(
                    f"the token's secret {self.secret_id} cannot be read from AWS Secrets Manager: {error}"
                ) from None
        secret = answer.get("SecretString") or bytes(answer.get("SecretBinary") or b"").decode(
            "utf-8", "replace"
        )
        return secret if self.json_key is None else self._member(secret, self.json_key)

    def _ask(self) -> Any:
        # Imported by the few that need it. A session of our own: the program's default one stays its own.
        with no_fork_meanwhile():
            from botocore.config import Config  # noqa: PLC0415
            from botocore.session import Session  # noqa: PLC0415

        config = Config(
            connect_timeout=_TIMEOUT_S,
            read_timeout=_TIMEOUT_S,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        untyped: Any = Session()
        client = untyped.create_client("secretsmanager", region_name=self._region, config=config)
        try:
            return client.get_secret_value(SecretId=self.secret_id)
        finally:
            client.close()

    @property
    def _region(self) -> str | None:
        parts = self.secret_id.split(":")
        return parts[3] if parts[0] == "arn" and len(parts) > 3 else None  # noqa: PLR2004  # an ARN's form

    def _member(self, secret: str, key: str) -> str:
        try:
            value = json.loads(secret)[key]
        except (ValueError, KeyError, TypeError):
            value = None
        if isinstance(value, str):
            return value
        # Not raised from the parser's error, which holds the secret.
        raise TokenUnavailableError(
            f"the token's secret {self.secret_id} is no JSON object with a string under '{key}'"
        )


@dataclass(frozen=True)
class DatabricksToken:
    """A Databricks secret, read with the credentials that databricks-sdk finds."""

    scope: str
    key: str
    may_change = True

    def __post_init__(self) -> None:
        # databricks-sdk loads this too, which fails once the interpreter is ending: there a short
        # program's first and only batch is sent.
        importlib.import_module("concurrent.futures.thread")

    def fetch(self) -> str:
        """Asks the workspace."""
        with unseen():
            try:
                value = self._ask()
                return base64.b64decode(value or "", validate=True).decode("utf-8")
            except ValueError:
                reason = "its value is no text"
            except Exception as error:  # noqa: BLE001  # the SDK's, the network's: all mean the same here
                reason = str(error)
        raise TokenUnavailableError(
            f"the token's Databricks secret {self.scope}/{self.key} cannot be read: {reason}"
        )

    def _ask(self) -> str | None:
        # Imported by the few that need it; by name, since checkers may not find it.
        with no_fork_meanwhile():
            sdk: Any = importlib.import_module("databricks.sdk")
        limits = {"http_timeout_seconds": _TIMEOUT_S, "retry_timeout_seconds": 2 * _TIMEOUT_S}
        workspace = sdk.WorkspaceClient(config=sdk.core.Config(**limits))
        answer = workspace.secrets.get_secret(self.scope, self.key)
        return None if answer.value is None else str(answer.value)


@contextmanager
def unseen() -> Generator[None, None, None]:
    """What is asked here appears in no trace and its answer in no log."""
    token = otel_context.attach(otel_context.set_value(_SUPPRESS, True))
    quiet = _NotFromThisThread()
    loggers = [logging.getLogger(name) for name in _TALKATIVE_LOGGERS]
    for logger in loggers:
        logger.addFilter(quiet)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(quiet)
        otel_context.detach(token)


class _NotFromThisThread(logging.Filter):
    """Lets the program's own threads go on logging."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is another thread's."""
        return record.thread != self._thread
