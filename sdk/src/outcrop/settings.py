"""Settings from the environment. Wrong values fail when they are read, with the valid ones named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcrop.exceptions import ConfigurationError
from outcrop.kept_settings import KeptSettings, read_flag, read_kept
from outcrop.name_value_pairs import pairs_in

DEFAULT_TRACKING_URI = "http://127.0.0.1:5115"
DEFAULT_EXPERIMENT = "Default"
DELIVERY_MODES = ("default", "durable", "memory")
_ON_SIGTERM = "OUTCROP_DELIVER_ON_SIGTERM"
_UNKNOWN_SERVICE = "unknown_service"
_SERVICE_NAME = "service.name"


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    Attributes:
        tracking_uri: where traces go: `OUTCROP_TRACKING_URI`, else `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
            `OTEL_EXPORTER_OTLP_ENDPOINT`, else an Outcrop server on this machine.
        experiment_name: `OUTCROP_EXPERIMENT_NAME`: the experiment they belong to.
        service_name: `OTEL_SERVICE_NAME`: the program's name among others.
        spool_root: `OUTCROP_SPOOL_DIR`: where batches wait while no server answers.
        resolves_profiles: `OUTCROP_RESOLVE_PROFILES`: whether Bedrock is asked for the model behind an
            application inference profile.
        delivery: `OUTCROP_DELIVERY`: what is risked should the process be killed. `default`: the last few
            spans; `durable`: none, each span is written to disk before its end returns; `memory`: those
            of the last moment, and nothing is written to disk while the endpoint answers.
        delivers_on_sigterm: `OUTCROP_DELIVER_ON_SIGTERM`: whether what waits is delivered before SIGTERM
            ends a program that has no handler of its own; yes by default.
        kept: what is kept of a span, and of which traces.
        is_disabled: `OTEL_SDK_DISABLED`: nothing is recorded.
        resource_attributes: `OTEL_RESOURCE_ATTRIBUTES`: what is said of the process with every batch.
        otlp_headers: `OTEL_EXPORTER_OTLP_TRACES_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS`.
    """

    tracking_uri: str
    experiment_name: str
    service_name: str
    spool_root: Path
    resolves_profiles: bool = False
    delivery: str = "default"
    delivers_on_sigterm: bool = True
    kept: KeptSettings = field(default_factory=KeptSettings)
    is_disabled: bool = False
    resource_attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    # Not in the repr: they hold tokens.
    otlp_headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the environment (the process's own by default); empty values count as unset.

    Raises:
        ConfigurationError: a value is wrong; the message names the variable and what is valid.
    """
    given = os.environ if environment is None else environment
    resource = _pairs(given, "OTEL_RESOURCE_ATTRIBUTES")
    headers = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
    if not given.get(headers):
        headers = "OTEL_EXPORTER_OTLP_HEADERS"
    return Settings(
        tracking_uri=given.get("OUTCROP_TRACKING_URI") or _otlp_endpoint(given) or DEFAULT_TRACKING_URI,
        experiment_name=given.get("OUTCROP_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT,
        service_name=given.get("OTEL_SERVICE_NAME") or resource.get(_SERVICE_NAME) or _UNKNOWN_SERVICE,
        spool_root=_spool_root(given),
        delivery=_one_of(given, "OUTCROP_DELIVERY", DELIVERY_MODES),
        delivers_on_sigterm=not given.get(_ON_SIGTERM) or read_flag(given, _ON_SIGTERM),
        resolves_profiles=read_flag(given, "OUTCROP_RESOLVE_PROFILES"),
        kept=read_kept(given),
        is_disabled=read_flag(given, "OTEL_SDK_DISABLED"),
        resource_attributes={name: value for name, value in resource.items() if name != _SERVICE_NAME},
        otlp_headers=_pairs(given, headers, is_secret=True),
    )


def _otlp_endpoint(given: Mapping[str, str]) -> str | None:
    """The variable for traces is a full address; the one for all signals is a base."""
    full = given.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    base = given.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return full or (f"{base.rstrip('/')}/v1/traces" if base else None)


def _pairs(given: Mapping[str, str], name: str, *, is_secret: bool = False) -> dict[str, str]:
    """Attributes by key, or headers by name: what is a header is checked where they are sent."""
    found: dict[str, str] = {}
    for pair in pairs_in(given.get(name, "")):
        if not pair.name:
            shown = "has an entry" if is_secret else f"has the entry {pair.entry!r}"
            raise ConfigurationError(f"{name} {shown} that is no key=value: give key=value,key=value.")
        found[pair.name] = pair.value
    return found


def _one_of(given: Mapping[str, str], name: str, valid: tuple[str, ...]) -> str:
    """One of the valid values; the first by default."""
    value = given.get(name, "").strip().lower() or valid[0]
    if value not in valid:
        raise ConfigurationError(f"{name} is {value!r}: give one of {', '.join(valid)}.")
    return value


def _spool_root(given: Mapping[str, str]) -> Path:
    named = given.get("OUTCROP_SPOOL_DIR")
    if named:
        return Path(named).expanduser()
    state_home = given.get("XDG_STATE_HOME")
    if state_home:
        base = Path(state_home)
    elif given.get("AWS_LAMBDA_FUNCTION_NAME"):
        base = Path("/tmp")  # noqa: S108  # all that a Lambda function can write to, and its alone
    else:
        base = Path.home() / ".local" / "state"
    return base / "outcrop" / "spool"
