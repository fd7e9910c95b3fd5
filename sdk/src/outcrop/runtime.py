"""The one live state of the SDK in a process: settings, experiment, destination; makes the spans.

Made when it is first needed. `outcrop.tracing` and the Bedrock instrumentation start spans here; ended
spans come back here and go to the destination.
"""

from __future__ import annotations

import atexit
import dataclasses
import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context

from outcrop._version import __version__
from outcrop.delivery import worker_exit
from outcrop.delivery.destination import CONSOLE, DATABRICKS, Destination, check_tracking_uri, path_in
from outcrop.delivery.exit_signals import deliver_on_sigterm
from outcrop.delivery.server import ServerDestination
from outcrop.delivery.stats import DeliveryStats
from outcrop.exceptions import ConfigurationError
from outcrop.kept_settings import KeptSettings
from outcrop.otlp.records import KIND_INTERNAL, EndedSpan, SpanGroup
from outcrop.recording.current import current_span
from outcrop.recording.forks import when_forked
from outcrop.recording.grouping import current_grouping
from outcrop.recording.ids import SpanIds, child_ids, ids_under, root_ids
from outcrop.recording.span import LiveSpan
from outcrop.settings import Settings, read_settings

if TYPE_CHECKING:
    from outcrop.delivery.memory import MemoryDestination
    from outcrop.policy.choosing import Choosing
    from outcrop.policy.policy import Policy

_EXIT_TIMEOUT_S = 5.0
_PID = "process.pid"
_NO_ROOM = "no room to wait for the end of their trace"


class Runtime:
    """Settings and destination of this process."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError where the settings name no destination."""
        self.settings = settings
        self.experiment = settings.experiment_name
        # Whether `outcrop.context` was ever used: who never does pays for no more than this.
        self.has_grouping = False
        self._last_root_ids: SpanIds | None = None
        self._groups: dict[str, SpanGroup] = {}
        # What describes this process; its destination looks at the same object.
        self._resource: dict[str, Any] = {}
        # None where nobody asked for anything: most programs pay one look at each.
        self.policy: Policy | None = None
        self.choosing: Choosing | None = None
        self._has_overrides = False
        self._lost = 0
        self.keep(settings.kept)
        # Let the instrumentation end spans that nobody will end otherwise.
        self.before_flush: list[Callable[[], None]] = []
        self.before_exit: list[Callable[[], None]] = []
        self.tracking_uri = ""
        self.destination: Destination  # by the next line
        self.set_tracking_uri(settings.tracking_uri)

    def set_tracking_uri(self, uri: str) -> None:
        """Sends the spans that end from now on elsewhere; earlier ones still go where they were going."""
        scheme = check_tracking_uri(uri)
        if uri == self.tracking_uri:
            return
        new = self._destination(scheme, uri)
        old = self.destination if self.tracking_uri else None
        self.destination = new
        self.tracking_uri = uri
        self._lost = 0
        if old is not None:
            # Off this thread: the old endpoint may be slow to answer.
            threading.Thread(
                target=old.shutdown, args=(_EXIT_TIMEOUT_S,), name="outcrop-switch", daemon=True
            ).start()

    @contextmanager
    def redirected(self, memory: MemoryDestination) -> Generator[MemoryDestination, None, None]:
        """Sends what ends within a block to memory; for tests."""
        before, self.destination = self.destination, memory
        try:
            yield memory
        finally:
            self.destination = before

    def set_experiment(self, name: str) -> None:
        """Puts the spans that start from now on into another experiment."""
        if not name.strip():
            raise ConfigurationError("An experiment needs a name, such as '/Shared/my-experiment'.")
        self.experiment = name

    def keep(self, kept: KeptSettings) -> None:
        """Says what is kept of spans that end from now on, and which spans are that begin."""
        self.kept = kept
        # What does it is loaded with the first who asks for it.
        if kept.changes_nothing and not self._has_overrides:
            self.policy = None
        else:
            from outcrop.policy.policy import Policy  # noqa: PLC0415

            self.policy = Policy(kept)
        if kept.sampler is None and not self._has_overrides and not self.settings.is_disabled:
            self.choosing = None
        else:
            from outcrop.policy.choosing import Choosing  # noqa: PLC0415

            self.choosing = Choosing(kept, is_disabled=self.settings.is_disabled, on_lost=self._on_lost)

    def allow_overrides(self) -> None:
        """From now on blocks of the program may say otherwise."""
        if not self._has_overrides:
            self._has_overrides = True
            self.keep(self.kept)

    def start_span(
        self,
        name: str,
        scope: str,
        kind: int = KIND_INTERNAL,
        context: Context | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> LiveSpan:
        """Starts a span under the one that is current, whoever made that; a sampler sees `attributes`."""
        current: Any = current_span(context)
        if self.choosing is not None:
            span = self.choosing.start(
                self, name, self._group(scope), kind, current=current, attributes=attributes
            )
            if self.has_grouping and span.local_root is None:
                span.set_attributes(current_grouping(context))
            return span
        # Most often there is none, or one of ours: asking for the type alone is cheapest.
        local_root: LiveSpan | None = None
        if type(current) is LiveSpan:
            trace_id, parent_id, _ = current.ids
            ids = child_ids(trace_id, parent_id)
            local_root = current.local_root or current
        elif current is not None and (parent := current.get_span_context()).is_valid:
            ids = ids_under(parent)
        else:
            ids = root_ids()
        group = self._groups.get(scope)
        if group is None or group.experiment is not self.experiment:
            group = self._group(scope)
        span = LiveSpan(self, name, ids, group, kind, local_root)
        if self.has_grouping and local_root is None:
            span.set_attributes(current_grouping(context))
        return span

    def _group(self, scope: str) -> SpanGroup:
        group = self._groups.get(scope)
        if group is None or group.experiment is not self.experiment:
            group = self._groups[scope] = SpanGroup(self.experiment, scope)
        return group

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:
        """Takes an ended span."""
        if self.policy is not None:
            ended = self.policy.on(ended, span.content_mode)
        self.destination.submit(ended)
        if span.local_root is None:
            self._last_root_ids = span.ids

    @property
    def last_trace_id(self) -> str | None:
        """The trace whose root ended last; None before the first."""
        return None if self._last_root_ids is None else self._last_root_ids[0].hex()

    def stats(self) -> DeliveryStats:
        """What became of the spans that ended; those among them that never came to the destination."""
        stats = self.destination.stats()
        if not self._lost:
            return stats
        reasons = {**stats.reasons, _NO_ROOM: self._lost}
        return dataclasses.replace(stats, dropped=stats.dropped + self._lost, reasons=reasons)

    def _on_lost(self, spans: int) -> None:
        """Of a trace that is kept after all; the lock of those that wait is held."""
        self._lost += spans

    def flush(self, timeout_s: float) -> bool:
        """Delivers what has ended; True if all of it left memory in time."""
        for callback in self.before_flush:
            callback()
        return self.destination.flush(timeout_s)

    def shutdown(self) -> None:
        """At exit: what cannot be delivered in time goes to the spool."""
        for callback in self.before_exit:
            callback()
        self.destination.shutdown(_EXIT_TIMEOUT_S)

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child, and under its own number."""
        self._resource[_PID] = os.getpid()
        self._lost = 0
        self.destination.after_fork_in_child()
        worker_exit.after_fork_in_child(self.shutdown)

    def _destination(self, scheme: str, uri: str) -> Destination:
        if scheme == "memory":
            from outcrop.delivery.memory import MemoryDestination  # noqa: PLC0415  # for those who use it

            return MemoryDestination()
        if scheme == CONSOLE:
            from outcrop.delivery.console import ConsoleDestination  # noqa: PLC0415  # likewise

            return ConsoleDestination()
        resource: dict[str, Any] = {
            **self.settings.resource_attributes,
            "service.name": self.settings.service_name,
            "telemetry.sdk.name": "outcrop",
            "telemetry.sdk.language": "python",
            "telemetry.sdk.version": __version__,
            _PID: os.getpid(),
        }
        self._resource = resource
        spool_root, mode = self.settings.spool_root, self.settings.delivery
        if scheme in {"http", "https"}:
            return ServerDestination(uri, spool_root, resource, mode=mode)
        # The others are loaded by who wants them.
        if scheme == DATABRICKS:
            from outcrop.delivery.mlflow.databricks_destination import DatabricksDestination  # noqa: PLC0415

            return DatabricksDestination(uri, spool_root, resource, mode=mode)
        if scheme in {"mlflow+http", "mlflow+https"}:
            from outcrop.delivery.mlflow.destination import MlflowDestination  # noqa: PLC0415  # as said

            return MlflowDestination(uri, spool_root, resource, mode=mode)
        if scheme == "file":
            from outcrop.delivery.file import FileDestination  # noqa: PLC0415  # as said

            return FileDestination(path_in(uri), resource)
        from outcrop.delivery.embedded import EmbeddedDestination  # noqa: PLC0415  # as said

        return EmbeddedDestination(scheme, path_in(uri), spool_root, resource, mode=mode)


_lock = threading.Lock()
_runtime: Runtime | None = None


def get_runtime() -> Runtime:
    """The process's runtime, made on first use.

    Raises:
        ConfigurationError: the environment names no valid destination.
    """
    global _runtime  # noqa: PLW0603  # one a process, by nature
    if _runtime is None:
        with _lock:
            if _runtime is None:
                runtime = Runtime(read_settings())
                atexit.register(runtime.shutdown)
                when_forked(runtime.after_fork_in_child)
                if runtime.settings.delivers_on_sigterm:
                    deliver_on_sigterm(lambda: runtime.flush(_EXIT_TIMEOUT_S), runtime.shutdown)
                worker_exit.deliver_when_worker_ends(runtime.shutdown)
                _runtime = runtime
    return _runtime
