"""Reading traces back, and saying where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop.runtime import get_runtime

if TYPE_CHECKING:
    from outcrop.delivery.destination import Destination
    from outcrop.delivery.stats import DeliveryStats
    from outcrop.entities import Trace

_READ_FLUSH_S = 10.0
# How Databricks writes the id of a trace in a table of Unity Catalog, before catalog and schema.
_OF_A_TABLE = "trace:/"


def set_tracking_uri(uri: str) -> None:
    """Says where traces go.

    Args:
        uri: `http://HOST:PORT` or `https://HOST:PORT` for an Outcrop server or an MLflow server of 3.4 or
            later (which `mlflow+http://HOST:PORT` names without asking), `databricks` or
            `databricks://PROFILE` for a Databricks workspace, `https://HOST/v1/traces` for any other
            OTLP/HTTP endpoint, `sqlite:///traces.db` for a store in this process (needs the full
            installation), `file:///folder/traces.jsonl` for an OTLP file, `memory://` to keep them in this
            process, `console` to print each finished trace on standard error. Default:
            `OUTCROP_TRACKING_URI`, else OpenTelemetry's own variables for an OTLP endpoint, else
            `http://127.0.0.1:5115`.

    Raises:
        ConfigurationError: no destination has this form; the message names those that exist.
    """
    get_runtime().set_tracking_uri(uri)


def get_tracking_uri() -> str:
    """Where traces go."""
    return get_runtime().tracking_uri


def set_experiment(experiment_name: str) -> None:
    """Names the experiment that traces belong to from now on; it is made when the first one comes.

    Args:
        experiment_name: such as `/Shared/bedrock-tracing-demo`. Default: `OUTCROP_EXPERIMENT_NAME`,
            else `Default`.

    Raises:
        ConfigurationError: the name is empty.
    """
    get_runtime().set_experiment(experiment_name)


def flush(timeout: float = 30.0) -> bool:
    """Delivers all spans that have ended, or puts them on disk when no server answers.

    Args:
        timeout: how long to wait at most, in seconds.

    Returns:
        Whether nothing waits in memory any more.
    """
    return get_runtime().flush(timeout)


def stats() -> DeliveryStats:
    """What became of the spans that ended in this process: sent, waiting, spooled, rejected, dropped.

    Returns:
        The numbers since the tracking URI was set; `print` shows them in one line.
    """
    return get_runtime().stats()


def flush_trace_async_logging(*, terminate: bool = False) -> None:  # noqa: ARG001  # as MLflow has it
    """`flush` by MLflow's name.

    Args:
        terminate: taken and without effect: delivery goes on as long as the process does.
    """
    flush()


def get_last_active_trace_id() -> str | None:
    """The id of the trace that ended last in this process; None before the first."""
    return get_runtime().last_trace_id


def get_trace(trace_id: str) -> Trace | None:
    """Reads a trace from where traces go; what has ended in this process is delivered first.

    Args:
        trace_id: 32 hexadecimal digits; a leading `tr-` is allowed.

    Returns:
        The trace, or None if the destination holds none of this id.

    Raises:
        OutcropError: the destination cannot be asked; the message says why.
    """
    # The readers and their codecs are loaded by who reads; a program that only traces never does.
    from outcrop.assemble import assemble_trace  # noqa: PLC0415

    destination = reading_destination()
    plain_id = plain_trace_id(trace_id)
    records = destination.read_trace(plain_id)
    return assemble_trace(records, destination.annotations(plain_id)) if records else None


def reading_destination() -> Destination:
    """Where traces go, after what has ended here was delivered there."""
    runtime = get_runtime()
    runtime.flush(_READ_FLUSH_S)
    return runtime.destination


def plain_trace_id(trace_id: str) -> str:
    """A trace id without MLflow's prefix, or that of a table (`trace:/CATALOG.SCHEMA/`), in small letters."""
    plain = trace_id.strip().lower()
    if plain.startswith(_OF_A_TABLE):
        plain = plain.rpartition("/")[2]
    return plain.removeprefix("tr-")
