"""What an address of a ClickHouse database says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from outcrop_server.model.errors import StoreError

_PORT, _SECURE_PORT = 8123, 8443
_DEFAULT_DATABASE = "outcrop"
_EMBEDDED = "chdb"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, and who asks it.

    Attributes:
        host: of its HTTP interface; empty where the engine is in this process.
        port: likewise.
        user: who asks.
        password: of the user.
        database: its name; made if missing.
        is_secure: whether by TLS.
        folder: of an engine in this process, which tests use; empty of a server.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    is_secure: bool = False
    folder: str = ""


def read_address(uri: str) -> Address:
    """Reads `clickhouse://USER:PASSWORD@HOST:PORT/DATABASE`, `clickhouses://…` for TLS, `chdb:///FOLDER`.

    Raises:
        StoreError: it is no such address.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise StoreError(f"The address of the store's database cannot be read: {error}.") from error
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme == _EMBEDDED:
        database = asked.get("database", _DEFAULT_DATABASE)
        return Address("", 0, "default", "", database, folder=unquote(parts.path))
    is_secure = parts.scheme == "clickhouses" or asked.get("secure", "").lower() in {"1", "true"}
    return Address(
        host=parts.hostname or "localhost",
        port=port or (_SECURE_PORT if is_secure else _PORT),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or _DEFAULT_DATABASE,
        is_secure=is_secure,
    )
