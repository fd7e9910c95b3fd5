"""What the server can be told: flags of the command line first, then OUTCROP_* variables, then defaults."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PORT = 5115
_MAX_PORT = 65535
_MEGABYTE = 1 << 20
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The message names it and what is valid."""


def _data_home() -> Path:
    return _xdg("XDG_DATA_HOME", ".local/share") / "outcrop"


def default_store() -> Path:
    """Where traces are kept unless told otherwise."""
    return _data_home() / "outcrop.db"


def default_spool() -> Path:
    """Where the SDK leaves batches that it could not deliver; see `ingest.spool`."""
    return _xdg("XDG_STATE_HOME", ".local/state") / "outcrop" / "spool"


@dataclass(frozen=True)
class Settings:
    """All settings of one server.

    Attributes:
        host: name or address to bind to.
        port: TCP port; 0 takes any that is free.
        store: the store's file.
        allow_anonymous: whether those who show no token may do everything, wherever the server listens.
        allowed_hosts: further names by which browsers and programs may call this server.
        max_body_bytes: largest request body, before and after decompression.
        max_waiting_bytes: most bytes of requests in work at once; beyond that the answer is 503.
        spool: root of the SDK's spool directories; None to leave them alone.
        spool_interval_s: seconds between looks into the spool.
        prices: file of the user's own prices; None for list prices alone. See `outcrop.pricing.table`.
        tls_cert: PEM file with the certificate and its chain; None for plain HTTP.
        tls_key: PEM file with its key.
        trusted_proxies: addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
        requests_per_minute: what a token may send that has no limit of its own; 0 for any number.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    store: Path = field(default_factory=default_store)
    allow_anonymous: bool = False
    allowed_hosts: tuple[str, ...] = ()
    max_body_bytes: int = 64 * _MEGABYTE
    max_waiting_bytes: int = 256 * _MEGABYTE
    spool: Path | None = field(default_factory=default_spool)
    spool_interval_s: float = 3.0
    prices: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    requests_per_minute: int = 120_000

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _MAX_PORT:
            raise SettingsError(
                f"Port {self.port} is none: give 1 to {_MAX_PORT}, or 0 for any that is free."
            )
        if self.max_body_bytes < 1 or self.max_waiting_bytes < 1:
            raise SettingsError("OUTCROP_MAX_BODY_BYTES and OUTCROP_MAX_WAITING_BYTES must be 1 or more.")
        if self.requests_per_minute < 0:
            raise SettingsError("OUTCROP_REQUESTS_PER_MINUTE must be 1 or more, or 0 for any number.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError(
                "TLS needs both --tls-cert and --tls-key (OUTCROP_TLS_CERT, OUTCROP_TLS_KEY)."
            )
        for proxy in self.trusted_proxies:
            _check_network(proxy)


def from_environment(
    environment: Mapping[str, str] = os.environ,
    *,
    host: str | None = None,
    port: int | None = None,
    store: Path | None = None,
    allow_anonymous: bool = False,
    prices: Path | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    trusted_proxies: Sequence[str] = (),
) -> Settings:
    """Settings from the environment; what is given here goes before it.

    The variables are OUTCROP_HOST, _PORT, _STORE, _ALLOW_ANONYMOUS, _ALLOWED_HOSTS (names, with
    commas), _MAX_BODY_BYTES, _MAX_WAITING_BYTES, _SPOOL_DIR, _PRICES, _TLS_CERT, _TLS_KEY, _TRUSTED_PROXIES
    (addresses or networks, with commas) and _REQUESTS_PER_MINUTE.

    Raises:
        SettingsError: a value cannot be used.
    """
    read = _Variables(environment)
    price_file = prices or read.path("PRICES")
    return Settings(
        host=host or read.text("HOST", "127.0.0.1"),
        port=read.number("PORT", DEFAULT_PORT) if port is None else port,
        store=(store or read.path("STORE") or default_store()).expanduser(),
        allow_anonymous=allow_anonymous or read.flag("ALLOW_ANONYMOUS"),
        allowed_hosts=read.names("ALLOWED_HOSTS"),
        max_body_bytes=read.number("MAX_BODY_BYTES", Settings.max_body_bytes),
        max_waiting_bytes=read.number("MAX_WAITING_BYTES", Settings.max_waiting_bytes),
        spool=(read.path("SPOOL_DIR") or default_spool()).expanduser(),
        prices=None if price_file is None else price_file.expanduser(),
        tls_cert=tls_cert or read.path("TLS_CERT"),
        tls_key=tls_key or read.path("TLS_KEY"),
        trusted_proxies=tuple(trusted_proxies) or read.names("TRUSTED_PROXIES"),
        requests_per_minute=read.number("REQUESTS_PER_MINUTE", Settings.requests_per_minute),
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _check_network(proxy: str) -> None:
    try:
        ipaddress.ip_network(proxy)
    except ValueError:
        raise SettingsError(
            f"'{proxy}' is no proxy that could be trusted: give addresses or networks, such as 127.0.0.1 or "
            "10.0.0.0/8 (--trusted-proxy, OUTCROP_TRUSTED_PROXIES)."
        ) from None


def _xdg(variable: str, fallback: str) -> Path:
    # The XDG specification has relative paths ignored.
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / fallback


class _Variables:
    """Reads OUTCROP_* variables; an empty one counts as absent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str) -> str:
        return self._environment.get(f"OUTCROP_{name}", "").strip() or default

    def path(self, name: str) -> Path | None:
        given = self.text(name, "")
        return Path(given) if given else None

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(each.strip() for each in self.text(name, "").split(",") if each.strip())

    def number(self, name: str, default: int) -> int:
        given = self.text(name, str(default))
        try:
            return int(given)
        except ValueError:
            raise SettingsError(
                f"OUTCROP_{name} is '{given}': give a whole number, such as {default}."
            ) from None

    def flag(self, name: str) -> bool:
        given = self.text(name, "").lower()
        if given in _TRUE:
            return True
        if given in _FALSE:
            return False
        raise SettingsError(f"OUTCROP_{name} is '{given}': give 1, true, yes or on, or 0, false, no or off.")
