"""What the server can be told: the one table of its options, with what is valid and the defaults."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop_server.configuration.kinds import File, Names, Networks, Number, Size, Switch, Text, Whole
from outcrop_server.configuration.log_levels import LogLevels
from outcrop_server.configuration.option import Option, SettingsError, described, options_of
from outcrop_server.configuration.retention import Age, RetentionRule, RetentionRules
from outcrop_server.configuration.sources import read_options
from outcrop_server.configuration.store_place import Place, StorePlace, StoreUrl, is_in_clickhouse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outcrop_server.configuration.sources import Found

__all__ = ["DEFAULT_PORT", "OPTIONS", "Settings", "SettingsError", "from_environment", "read_settings"]

DEFAULT_PORT = 5115
# OTLP's own.
_DEFAULT_GRPC_PORT = 4317
_MAX_PORT = 65535
_MEGABYTE = 1 << 20


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
    """All settings of one server. What each means is said where it is described."""

    config: Path | None = field(
        default=None,
        metadata=described(
            File(),
            "TOML file with options by their names.",
            is_in_file=False,
            shown_default="`~/.config/outcrop/server.toml`, if there",
        ),
    )
    host: str = field(default="127.0.0.1", metadata=described(Text("HOST"), "Name or address to listen on."))
    port: int = field(
        default=DEFAULT_PORT,
        metadata=described(Whole(0, _MAX_PORT, "PORT"), "Port to listen on; 0 takes any that is free."),
    )
    store: Place = field(
        default_factory=default_store,
        metadata=described(
            StorePlace(),
            "File that keeps the traces, or a database of PostgreSQL (`postgresql://…`; needs "
            "`pip install 'outcrop[postgresql]'`) or of ClickHouse (`clickhouse://…`, with TLS "
            "`clickhouses://…`; needs `pip install 'outcrop[clickhouse]'`).",
            shown_default="`~/.local/share/outcrop/outcrop.db`",
        ),
    )
    cluster: str | None = field(
        default=None,
        metadata=described(
            Text("NAME"),
            "The cluster of ClickHouse over whose servers the store lies, as their configuration names it.",
            shown_default="one server",
        ),
    )
    grpc: bool | None = field(
        default=None,
        metadata=described(
            Switch(),
            "Take OTLP over gRPC too; needs `pip install 'outcrop[grpc]'`.",
            shown_default="only with `grpc_port`",
        ),
    )
    grpc_port: int | None = field(
        default=None,
        metadata=described(
            Whole(0, _MAX_PORT, "PORT"),
            "Port for OTLP over gRPC, on the same host; 0 takes any that is free. Asks for `grpc`.",
            shown_default=f"{_DEFAULT_GRPC_PORT} with `grpc`",
        ),
    )
    allow_anonymous: bool = field(
        default=False,
        metadata=described(Switch(), "Ask nobody for a token: whoever reaches the server may do all."),
    )
    allowed_hosts: tuple[str, ...] = field(
        default=(),
        metadata=described(Names(), "Further names by which browsers and programs may call this server."),
    )
    max_body_bytes: int = field(
        default=64 * _MEGABYTE,
        metadata=described(Size(), "Largest request body, before and after decompression."),
    )
    max_waiting_bytes: int = field(
        default=256 * _MEGABYTE,
        metadata=described(
            Size(),
            "Most bytes of requests in work at once, over HTTP and gRPC; beyond that the answer is 503.",
        ),
    )
    # None leaves the SDK's directories alone.
    spool: Path | None = field(
        default_factory=default_spool,
        metadata=described(
            File("FOLDER"),
            "Root of the folders in which programs of this machine leave what could not be delivered.",
            name="spool_dir",
            shown_default="`~/.local/state/outcrop/spool`",
        ),
    )
    spool_interval_s: float = field(
        default=3.0,
        metadata=described(Number(0.01, 86400), "Time between looks into the spool.", unit="seconds"),
    )
    prices: Path | None = field(
        default=None,
        metadata=described(File(), "JSON file of your own prices, which go before list prices."),
    )
    tls_cert: Path | None = field(
        default=None,
        metadata=described(
            File(), "PEM file with a certificate and its chain: serve HTTPS.", shown_default="plain HTTP"
        ),
    )
    tls_key: Path | None = field(
        default=None, metadata=described(File(), "PEM file with the certificate's key.")
    )
    trusted_proxies: tuple[str, ...] = field(
        default=(),
        metadata=described(
            Networks(),
            "Proxies that are believed when they say who asks: addresses or networks.",
            flag="--trusted-proxy",
        ),
    )
    requests_per_minute: int = field(
        default=120_000,
        metadata=described(
            Whole(0, 1_000_000_000),
            "What a token may send that has no limit of its own; 0 for any number.",
        ),
    )
    retain_age_s: int | None = field(
        default=None,
        metadata=described(
            Age(),
            "Remove traces that began longer ago than this.",
            name="retain_age",
            shown_default="kept for ever",
        ),
    )
    retain_traces: int | None = field(
        default=None,
        metadata=described(
            Whole(1, 10**15),
            "Remove the oldest traces beyond this number of all experiments.",
            shown_default="any number",
        ),
    )
    retain_bytes: int | None = field(
        default=None,
        metadata=described(
            Size(),
            "Remove the oldest traces while the store's file is larger.",
            shown_default="any size",
        ),
    )
    retain_experiments: tuple[RetentionRule, ...] = field(
        default=(),
        metadata=described(
            RetentionRules(),
            "What holds for single experiments: `NAME: age=30d traces=1000 bytes=1GB`, `NAME: age=never`, "
            "`NAME: keep`; `*` is every other one.",
            flag="--retain-experiment",
        ),
    )
    retain_interval_s: float = field(
        default=60.0,
        metadata=described(
            Number(0.01, 86400), "Time between looks for what has to be removed.", unit="seconds"
        ),
    )
    min_free_bytes: int = field(
        default=64 * _MEGABYTE,
        metadata=described(
            Size(0),
            "With less than this free on the store's disk, `/readyz` says that the server is not ready.",
        ),
    )
    drain_delay_s: float = field(
        default=0.0,
        metadata=described(
            Number(0, 3600),
            "After the first signal, `/readyz` answers 503 for this long before new connections are refused.",
            unit="seconds",
        ),
    )
    stop_grace_s: int = field(
        default=10,
        metadata=described(
            Whole(1, 3600),
            "How long running requests may take after the first signal, and then once more the last commit.",
            unit="seconds",
        ),
    )
    log_level: str = field(
        default="info",
        metadata=described(
            LogLevels(),
            "`debug`, `info`, `warning` or `error`, and others for single loggers: `info,uvicorn=debug`.",
        ),
    )
    log_format: str = field(
        default="auto",
        metadata=described(
            Text("FORMAT", ("auto", "human", "json")),
            "How log lines are written; `auto` is `human` on a terminal and `json` elsewhere.",
        ),
    )
    slow_request_ms: float = field(
        default=1000.0,
        metadata=described(
            Number(0, 3_600_000), "A request that takes longer is logged as a warning.", unit="milliseconds"
        ),
    )

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError(
                "TLS needs both --tls-cert and --tls-key (OUTCROP_TLS_CERT, OUTCROP_TLS_KEY)."
            )
        if self.port and self.port == self.listening_grpc_port:
            raise SettingsError(
                f"--port and --grpc-port (OUTCROP_PORT, OUTCROP_GRPC_PORT) are both {self.port}: give two."
            )
        if self.cluster is not None and not is_in_clickhouse(self.store):
            raise SettingsError(
                f"--cluster (OUTCROP_CLUSTER) is for a store in ClickHouse, and {self.store} is none."
            )

    @property
    def store_file(self) -> Path:
        """The store's file.

        Raises:
            SettingsError: it is a database that has a server of its own.
        """
        if isinstance(self.store, StoreUrl):
            raise SettingsError(
                f"This is for a store in a file, and {self.store} is a database: its own tools do that "
                f"(docs/{self.store.scheme}.md)."
            )
        return self.store

    @property
    def listening_grpc_port(self) -> int | None:
        """The port for OTLP over gRPC; None if it is not asked for."""
        if self.grpc is False or (self.grpc is None and self.grpc_port is None):
            return None
        return _DEFAULT_GRPC_PORT if self.grpc_port is None else self.grpc_port


OPTIONS: Sequence[Option] = options_of(Settings)


def from_environment(environment: Mapping[str, str] = os.environ, **flags: Any) -> Settings:
    """Settings from environment and file; what is given here goes before them.

    Args:
        environment: the variables.
        flags: values by the options' names; None counts as not given.

    Raises:
        SettingsError: a value cannot be used.
    """
    found = read_options(OPTIONS, flags, environment)
    values = {each.option.field: each.value for each in found}
    is_store_given = flags.get("store") is not None and flags.get("cluster") is None
    if is_store_given and not is_in_clickhouse(values["store"]):
        # The cluster that a variable or the file names has the other store, which this one goes before.
        values["cluster"] = None
    return Settings(**values)


def read_settings(environment: Mapping[str, str], flags: Mapping[str, Any]) -> tuple[Settings, list[Found]]:
    """Settings, and where each of them comes from; see `from_environment`."""
    found = read_options(OPTIONS, flags, environment)
    return Settings(**{each.option.field: each.value for each in found}), found


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _xdg(variable: str, fallback: str) -> Path:
    # The XDG specification has relative paths ignored.
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / fallback
