"""An MLflow server, named as one, as a destination: `mlflow+http://HOST:PORT`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop.delivery.asking import Asking
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.mlflow.server import mlflow_credentials, server_sender
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for

if TYPE_CHECKING:
    from outcrop.delivery.server_api import ServerApi

SCHEME = "mlflow+"


class MlflowDestination(Delivering, Asking):
    """Sends to an MLflow server and asks its API. What waits on disk is as for an Outcrop server."""

    def __init__(
        self, uri: str, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """`uri` is the tracking URI.

        Raises:
            ConfigurationError: the credentials in the environment cannot be used for it.
        """
        self._base = base = uri.removeprefix(SCHEME).rstrip("/")
        mlflow_credentials(base)  # what is wrong with them is better said now
        folder = spool_dir_for(base, spool_root)
        began_ns = time.time_ns()
        super().__init__(
            Pipeline(
                lambda: server_sender(base, began_ns),
                lambda on_drop: Spool(folder, on_drop),
                resource,
                mode=mode,
            )
        )

    def _make_api(self) -> ServerApi:
        from outcrop.delivery.mlflow.api import MlflowApi  # noqa: PLC0415  # of those who read
        from outcrop.delivery.mlflow.server import open_rest  # noqa: PLC0415  # likewise

        return MlflowApi(open_rest(self._base))
