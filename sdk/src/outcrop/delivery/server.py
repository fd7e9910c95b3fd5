"""An Outcrop server (or another OTLP/HTTP endpoint) as a destination: the pipeline and the read API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.delivery.token_sources import TokenUnavailableError
from outcrop.exceptions import OutcropError
from outcrop.recording.record import SpanRecord

_TRACES_PATH = "/v1/traces"
_READ_TIMEOUT_S = 30.0


class ServerDestination(Delivering):
    """Sends to `{uri}/v1/traces` and reads from `{uri}/api`."""

    def __init__(
        self, uri: str, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """`uri` is the tracking URI; one that already names the OTLP route is taken as it is.

        Raises:
            ConfigurationError: the token or further headers in the environment cannot be used for it.
        """
        base = uri.rstrip("/")
        endpoint = base if base.endswith(_TRACES_PATH) else base + _TRACES_PATH
        self._base = endpoint.removesuffix(_TRACES_PATH)
        folder = spool_dir_for(self._base, spool_root)
        # Kept by a forked child too: it need not fetch the token again.
        self._credentials = credentials = read_credentials(endpoint)
        pipeline = Pipeline(
            lambda: HttpSender(endpoint, credentials),
            lambda on_drop: Spool(folder, on_drop),
            resource,
            mode=mode,
        )
        super().__init__(pipeline)

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """Asks the server for a trace."""
        from urllib.error import HTTPError, URLError  # noqa: PLC0415  # keeps `import outcrop` light

        url = f"{self._base}/api/traces/{trace_id}/export"
        if urlsplit(url).scheme not in {"http", "https"}:
            raise OutcropError(f"{self._base} is no HTTP address.")
        try:
            return decode_request(self._read(url))
        except HTTPError as error:
            with error:
                if error.code == 404:  # noqa: PLR2004  # HTTP's own number
                    return []
                raise OutcropError(f"{self._base} answered HTTP {error.code} for a trace.") from error
        except (URLError, OSError, ValueError, TokenUnavailableError) as error:
            raise OutcropError(f"Traces cannot be read from {self._base}: {error}.") from error

    def _read(self, url: str) -> bytes:
        from urllib.error import HTTPError  # noqa: PLC0415  # as above

        try:
            return self._read_once(url)
        except HTTPError as error:
            if error.code != 401 or not self._credentials.renew():  # noqa: PLR2004  # HTTP's own number
                raise
            error.close()
        return self._read_once(url)

    def _read_once(self, url: str) -> bytes:
        from urllib.request import Request, urlopen  # noqa: PLC0415  # as above

        request = Request(url)  # noqa: S310  # checked by the caller
        for name, value in self._credentials.headers().items():
            # Should the server send us elsewhere, that place is not told the token.
            request.add_unredirected_header(name, value)
        with urlopen(request, timeout=_READ_TIMEOUT_S) as response:  # noqa: S310  # as above
            body: bytes = response.read()
        return body
