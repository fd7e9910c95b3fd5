"""An Outcrop server (or another OTLP/HTTP endpoint) as a destination: the pipeline and the read API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.exceptions import OutcropError
from outcrop.recording.record import EndedSpan, SpanRecord

_TRACES_PATH = "/v1/traces"
_READ_TIMEOUT_S = 30.0


class ServerDestination:
    """Sends to `{uri}/v1/traces` and reads from `{uri}/api`."""

    def __init__(self, uri: str, spool_root: Path, resource: Mapping[str, Any]) -> None:
        """`uri` is the tracking URI; one that already names the OTLP route is taken as it is."""
        base = uri.rstrip("/")
        endpoint = base if base.endswith(_TRACES_PATH) else base + _TRACES_PATH
        self._base = endpoint.removesuffix(_TRACES_PATH)
        self._pipeline = Pipeline(endpoint, Spool(spool_dir_for(self._base, spool_root)), resource)

    def submit(self, span: EndedSpan) -> None:
        """Queues the span."""
        self._pipeline.submit(span)

    def flush(self, timeout_s: float) -> bool:
        """Sends or spools what is queued."""
        return self._pipeline.flush(timeout_s)

    def shutdown(self, timeout_s: float) -> None:
        """Flushes and ends the delivery thread."""
        self._pipeline.shutdown(timeout_s)

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child."""
        self._pipeline.after_fork_in_child()

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """Asks the server for a trace."""
        from urllib.error import HTTPError, URLError  # noqa: PLC0415  # keeps `import outcrop` light
        from urllib.request import urlopen  # noqa: PLC0415  # as above

        url = f"{self._base}/api/traces/{trace_id}/export"
        if urlsplit(url).scheme not in {"http", "https"}:
            raise OutcropError(f"{self._base} is no HTTP address.")
        try:
            with urlopen(url, timeout=_READ_TIMEOUT_S) as response:  # noqa: S310  # checked above
                return decode_request(response.read())
        except HTTPError as error:
            with error:
                if error.code == 404:  # noqa: PLR2004  # HTTP's own number
                    return []
                raise OutcropError(f"{self._base} answered HTTP {error.code} for a trace.") from error
        except (URLError, OSError, ValueError) as error:
            raise OutcropError(f"Traces cannot be read from {self._base}: {error}.") from error
