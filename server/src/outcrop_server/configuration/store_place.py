"""Where traces are kept: a file, or a database that its address names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from outcrop_server.configuration.kinds import quoted

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_FILE = "sqlite"
POSTGRESQL, CLICKHOUSE = "postgresql", "clickhouse"
# Both of PostgreSQL are its own; ClickHouse's second one is its driver's, for TLS.
_DATABASES = {
    "postgresql": POSTGRESQL,
    "postgres": POSTGRESQL,
    "clickhouse": CLICKHOUSE,
    "clickhouses": CLICKHOUSE,
}
# What stands between the user and the host, and what a parameter says.
_PASSWORD = re.compile(r"(://[^/?#@:]*:)[^/?#]*(?=@)|([?&]password=)[^&]*")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, repr=False)
class StoreUrl:
    """The address of a database. Shown as text it lacks its password.

    Attributes:
        scheme: `postgresql` or `clickhouse`, however the address spells it.
        address: all of it, for the library that connects.
    """

    scheme: str
    address: str

    def __str__(self) -> str:
        """Without its password."""
        return without_password(self.address)

    def __repr__(self) -> str:
        """The same."""
        return f"StoreUrl({str(self)!r})"


Place = Path | StoreUrl


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A file, `sqlite:///FILE`, `postgresql://USER@HOST/DATABASE` or `clickhouse://USER@HOST/DATABASE`."""

    metavar: str = "PLACE"
    file_types: tuple[type, ...] = (str,)

    def read(self, text: str) -> Place:
        """The path, or the address."""
        found = _SCHEME.match(text)
        if found is None:
            return Path(text).expanduser()
        scheme = found[1].lower()
        rest = text[found.end() :]
        if scheme == _FILE and rest.startswith("/") and len(rest) > 1:
            # As with `set_tracking_uri`: three slashes before a relative path, four before an absolute one.
            return Path(rest[1:]).expanduser()
        if scheme in _DATABASES:
            return StoreUrl(_DATABASES[scheme], text)
        raise ValueError(
            "a file, sqlite:///FILE, postgresql://USER@HOST/DATABASE or clickhouse://USER@HOST/DATABASE"
        )

    def shown(self, value: Place) -> str:
        """In quotes."""
        return quoted(str(value))

    def safe(self, text: str) -> str:
        """What of a wrong value may be repeated."""
        return without_password(text)


def is_in_clickhouse(place: Place) -> bool:
    """Whether a store is a database of ClickHouse."""
    return isinstance(place, StoreUrl) and place.scheme == CLICKHOUSE


def without_password(address: str) -> str:
    """An address as it may be shown."""
    return _PASSWORD.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", address)
