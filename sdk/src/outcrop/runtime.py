"""The one live state of the SDK in a process: settings, experiment, destination; makes the spans.

Made when it is first needed. `outcrop.tracing` and the Bedrock instrumentation start spans here; ended
spans come back here and go to the destination.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context

from outcrop._version import __version__
from outcrop.delivery.destination import CONSOLE, Destination, check_tracking_uri
from outcrop.delivery.memory import MemoryDestination
from outcrop.delivery.server import ServerDestination
from outcrop.exceptions import ConfigurationError
from outcrop.recording.current import current_span
from outcrop.recording.ids import SpanIds, child_ids, root_ids
from outcrop.recording.record import KIND_INTERNAL, EndedSpan, SpanGroup
from outcrop.recording.span import LiveSpan
from outcrop.settings import Settings, read_settings

_EXIT_TIMEOUT_S = 5.0


class Runtime:
    """Settings and destination of this process."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError where the settings name no destination."""
        self.settings = settings
        self.experiment = settings.experiment_name
        self._last_root_ids: SpanIds | None = None
        self._groups: dict[str, SpanGroup] = {}
        # Let the instrumentation end spans that nobody will end otherwise.
        self.before_flush: list[Callable[[], None]] = []
        self.before_exit: list[Callable[[], None]] = []
        self.tracking_uri = ""
        self.destination: Destination = MemoryDestination()
        self.set_tracking_uri(settings.tracking_uri)

    def set_tracking_uri(self, uri: str) -> None:
        """Sends the spans that end from now on elsewhere; earlier ones still go where they were going."""
        scheme = check_tracking_uri(uri)
        if uri == self.tracking_uri:
            return
        old = self.destination if self.tracking_uri else None
        self.destination = self._open(scheme, uri)
        self.tracking_uri = uri
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

    def start_span(
        self, name: str, scope: str, kind: int = KIND_INTERNAL, context: Context | None = None
    ) -> LiveSpan:
        """Starts a span under the one that is current, whoever made that."""
        current: Any = current_span(context)
        # Most often there is none, or one of ours: asking for the type alone is cheapest.
        is_root = False
        if type(current) is LiveSpan:
            trace_id, parent_id, _ = current.ids
            ids = child_ids(trace_id, parent_id)
        elif current is not None and (parent := current.get_span_context()).is_valid:
            is_root = True
            ids = child_ids(parent.trace_id.to_bytes(16, "big"), parent.span_id.to_bytes(8, "big"))
        else:
            is_root = True
            ids = root_ids()
        group = self._groups.get(scope)
        if group is None or group.experiment is not self.experiment:
            group = self._groups[scope] = SpanGroup(self.experiment, scope)
        return LiveSpan(self, name, ids, group, kind, is_root)

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:
        """Takes an ended span."""
        self.destination.submit(ended)
        if span.is_local_root:
            self._last_root_ids = span.ids

    @property
    def last_trace_id(self) -> str | None:
        """The trace whose root ended last; None before the first."""
        return None if self._last_root_ids is None else self._last_root_ids[0].hex()

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
        """Begins anew in a forked child."""
        if isinstance(self.destination, ServerDestination):
            self.destination.after_fork_in_child()

    def _open(self, scheme: str, uri: str) -> Destination:
        if scheme == "memory":
            return MemoryDestination()
        if scheme == CONSOLE:
            from outcrop.delivery.console import ConsoleDestination  # noqa: PLC0415  # for those who use it

            return ConsoleDestination()
        return self._server(uri)

    def _server(self, uri: str) -> ServerDestination:
        resource = {
            "service.name": self.settings.service_name,
            "telemetry.sdk.name": "outcrop",
            "telemetry.sdk.language": "python",
            "telemetry.sdk.version": __version__,
            "process.pid": os.getpid(),
        }
        return ServerDestination(uri, self.settings.spool_root, resource)


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
                if hasattr(os, "register_at_fork"):
                    os.register_at_fork(after_in_child=runtime.after_fork_in_child)
                _runtime = runtime
    return _runtime
