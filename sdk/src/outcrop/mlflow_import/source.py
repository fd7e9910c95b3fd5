"""What traces are copied from: the contract, and how an address names one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from outcrop.exceptions import ConfigurationError
from outcrop.mlflow_import.traces import FoundTrace


@dataclass(frozen=True)
class Experiment:
    """An experiment of MLflow.

    Attributes:
        experiment_id: MLflow's number for it.
        name: by which it is known.
    """

    experiment_id: str
    name: str


class MlflowSource(Protocol):
    """A place where MLflow keeps traces."""

    def experiments(self) -> list[Experiment]:
        """Those that are not deleted.

        Raises:
            OutcropError: it cannot be read.
        """
        ...

    def count(self, experiment: Experiment, since_ms: int) -> int | None:
        """How many traces there are since a moment; None where that cannot be asked.

        Raises:
            OutcropError: it cannot be read.
        """
        ...

    def traces(self, experiment: Experiment, since_ms: int) -> Iterator[FoundTrace]:
        """The traces since a moment (milliseconds since 1970), the earliest first.

        Raises:
            OutcropError: it cannot be read any further.
        """
        ...

    def close(self) -> None:
        """Lets go of it."""
        ...


def opened(address: str) -> MlflowSource:
    """The source at an address.

    Raises:
        ConfigurationError: it is no address of a server or a SQLite file; says what to do.
        OutcropError: it cannot be opened.
    """
    parts = urlsplit(address)
    if parts.scheme in {"http", "https"} and parts.hostname:
        from outcrop.mlflow_import.server import MlflowServer  # noqa: PLC0415  # with what speaks HTTP

        return MlflowServer(address)
    if parts.scheme == "sqlite" and parts.path.strip("/"):
        from outcrop.mlflow_import.database import MlflowDatabase  # noqa: PLC0415  # with SQLite

        return MlflowDatabase(Path(unquote(parts.path.removeprefix("/"))).expanduser())
    is_served = parts.scheme in {"", "file"} or parts.scheme.partition("+")[0] in {
        "postgresql",
        "mysql",
        "mssql",
    }
    advice = (
        f" Start MLflow's own server over it (mlflow server --backend-store-uri {_shown(address)} "
        "--port 5000) and give that: --from http://127.0.0.1:5000."
        if is_served
        else ""
    )
    raise ConfigurationError(
        f"Traces cannot be read from {_shown(address)}: give an MLflow server (http://HOST:PORT) or its "
        f"SQLite file (sqlite:///mlflow.db).{advice}"
    )


def _shown(address: str) -> str:
    """Without what may be a password."""
    before, at, rest = address.rpartition("@")
    return f"{before.partition('://')[0]}://…@{rest}" if at else address
