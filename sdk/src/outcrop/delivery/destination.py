"""Where traces go: the contract, and how a tracking URI names one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from outcrop.exceptions import ConfigurationError

if TYPE_CHECKING:  # what programs read is not loaded by those that only trace
    from outcrop.assessments import Annotations, Assessment
    from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery
    from outcrop.delivery.stats import DeliveryStats
    from outcrop.otlp.records import EndedSpan, SpanRecord

VALID_URIS = (
    "http://HOST:PORT or https://HOST:PORT (an Outcrop server, or an MLflow server of 3.4 or later)",
    "mlflow+http://HOST:PORT or mlflow+https://HOST:PORT (an MLflow server)",
    "databricks or databricks://PROFILE (a Databricks workspace)",
    "https://HOST/v1/traces (any other OTLP/HTTP endpoint)",
    "sqlite:///traces.db or sqlite:////folder/traces.db (a store in this process; full installation)",
    "file:///folder/traces.jsonl (an OTLP file)",
    "memory:// (this process alone, for tests)",
    "console (each finished trace as a tree on standard error)",
)
CONSOLE = "console"
DATABRICKS = "databricks"
_NETWORK = frozenset({"http", "https", "mlflow+http", "mlflow+https"})


class Destination(Protocol):
    """Takes ended spans and gives traces back. Every method may be called from any thread."""

    def submit(self, span: EndedSpan) -> None:
        """Takes an ended span; MUST return at once and MUST NOT raise."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Delivers what waits; True if nothing waits in memory any more."""
        ...

    def shutdown(self, timeout_s: float) -> None:
        """Delivers or keeps what waits; nothing is submitted afterwards."""
        ...

    def stats(self) -> DeliveryStats:
        """What became of the spans that were submitted."""
        ...

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child, which has none of the parent's threads."""
        ...

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """The spans of a trace (32 hexadecimal digits); empty if there are none.

        Raises:
            OutcropError: the destination cannot be asked; the message says why.
        """
        ...

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans; empty if there is no such trace.

        Raises:
            OutcropError: the destination cannot be asked.
        """
        ...

    def search(self, query: TraceQuery) -> FoundPage:
        """The traces that fit.

        Raises:
            ConfigurationError: the filter, the order or the page token is wrong; says where.
            OutcropError: the destination cannot be asked.
        """
        ...

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets tags of a trace; None deletes one. What spans say later under the same names MUST NOT count.

        Raises:
            OutcropError: there is no such trace, or the destination cannot be asked.
        """
        ...

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement of the trace that it names; gives it back with its id and times.

        Raises:
            OutcropError: there is no such trace, or the destination cannot be asked.
        """
        ...

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Puts another judgement in the place of the one with the same trace and assessment id.

        Kind, author and time of creation stay; so does the source where the new one names none.

        Raises:
            OutcropError: there is none of this id, or the destination cannot be asked.
        """
        ...

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement.

        Raises:
            OutcropError: there is none of this id, or the destination cannot be asked.
        """
        ...

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces with all that is known of them; gives how many there were.

        Raises:
            OutcropError: the experiment is not known, or the destination cannot be asked.
        """
        ...


def check_tracking_uri(uri: str) -> str:
    """Gives the URI's scheme; `console` and `databricks` are their own.

    Raises:
        ConfigurationError: no destination has this form; the message names those that exist.
    """
    if uri in {CONSOLE, f"{CONSOLE}://"}:
        return CONSOLE
    if uri in {DATABRICKS, f"{DATABRICKS}://"}:
        return DATABRICKS
    try:
        parts = urlsplit(uri)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, has_host = urlsplit(""), False
    has_path = len(parts.path.strip("/")) > 0 and not parts.netloc
    if (
        parts.scheme == "memory"
        or (parts.scheme in _NETWORK and has_host)
        or (parts.scheme == DATABRICKS and bool(parts.netloc) and not parts.path.strip("/"))
        or (parts.scheme in {"sqlite", "file"} and has_path)
    ):
        return parts.scheme
    valid = "; ".join(VALID_URIS)
    raise ConfigurationError(f"The tracking URI {uri!r} names no destination. Valid forms: {valid}.")


def path_in(uri: str) -> Path:
    """The file that a URI names: `sqlite:///traces.db` is relative, `sqlite:////tmp/traces.db` is not.

    `file:` URIs are absolute with one or three slashes, as everywhere.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path)
    return Path(path.removeprefix("/") if parts.scheme == "sqlite" else path).expanduser()
