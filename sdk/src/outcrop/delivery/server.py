"""An Outcrop server (or another OTLP/HTTP endpoint) as a destination: the pipeline and the read API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop.delivery.asking import Asking
from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.otlp.records import EncodedSpan

if TYPE_CHECKING:
    from outcrop.delivery.server_api import ServerApi

_TRACES_PATH = "/v1/traces"


class ServerDestination(Delivering, Asking):
    """Sends to `{uri}/v1/traces` and reads from `{uri}/api`."""

    def __init__(
        self, uri: str, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """`uri` is the tracking URI.

        One that names the OTLP route, such as `https://HOST/v1/traces`, is that of another back end, which
        gets the conventions' own form of each span instead of the raw exchange.

        Raises:
            ConfigurationError: the token or further headers in the environment cannot be used for it.
        """
        base = uri.rstrip("/")
        # Who names the route speaks of another back end: an Outcrop server is named by its address alone.
        is_outcrop = not base.endswith(_TRACES_PATH)
        endpoint = base + _TRACES_PATH if is_outcrop else base
        self._base = endpoint.removesuffix(_TRACES_PATH)
        folder = spool_dir_for(self._base, spool_root)
        # Kept by a forked child too: it need not fetch the token again.
        self._credentials = credentials = read_credentials(endpoint)
        pipeline = Pipeline(
            lambda: HttpSender(endpoint, credentials),
            lambda on_drop: Spool(folder, on_drop),
            resource,
            mode=mode,
            prepare=None if is_outcrop else _for_another_back_end,
        )
        super().__init__(pipeline)

    def _make_api(self) -> ServerApi:
        from outcrop.delivery.server_api import ServerApi  # noqa: PLC0415  # see Asking.api

        return ServerApi(self._base, self._credentials)


def _for_another_back_end(span: EncodedSpan) -> EncodedSpan:
    from outcrop.delivery.normalised_spans import normalise_encoded  # noqa: PLC0415  # the readers load with the first

    return normalise_encoded(span)
