"""Settings from the environment. Wrong values fail when they are read, with the valid ones named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from outcrop.exceptions import ConfigurationError

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})
DEFAULT_TRACKING_URI = "http://127.0.0.1:5115"
DEFAULT_EXPERIMENT = "Default"
DELIVERY_MODES = ("default", "durable", "memory")
_ON_SIGTERM = "OUTCROP_DELIVER_ON_SIGTERM"


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    Attributes:
        tracking_uri: `OUTCROP_TRACKING_URI`: where traces go.
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
    """

    tracking_uri: str
    experiment_name: str
    service_name: str
    spool_root: Path
    resolves_profiles: bool = False
    delivery: str = "default"
    delivers_on_sigterm: bool = True


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the environment (the process's own by default); empty values count as unset."""
    given = os.environ if environment is None else environment
    return Settings(
        tracking_uri=given.get("OUTCROP_TRACKING_URI") or DEFAULT_TRACKING_URI,
        experiment_name=given.get("OUTCROP_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT,
        service_name=given.get("OTEL_SERVICE_NAME") or "unknown_service",
        spool_root=_spool_root(given),
        resolves_profiles=_flag(given, "OUTCROP_RESOLVE_PROFILES"),
        delivery=_one_of(given, "OUTCROP_DELIVERY", DELIVERY_MODES),
        delivers_on_sigterm=not given.get(_ON_SIGTERM) or _flag(given, _ON_SIGTERM),
    )


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "").strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ConfigurationError(f"{name} is {value!r}: give 1, true, yes or on, or 0, false, no or off.")


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
