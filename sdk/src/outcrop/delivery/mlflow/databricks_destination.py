"""A Databricks workspace as a destination: `databricks`, or `databricks://PROFILE`."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop.delivery.asking import Asking
from outcrop.delivery.connection import Connection
from outcrop.delivery.delivering import Delivering
from outcrop.delivery.mlflow.databricks import CatalogKeeper, ExperimentKeeper, StorageFiles, catalog_schema
from outcrop.delivery.mlflow.keepers import Keeper
from outcrop.delivery.mlflow.rest import MlflowRest, Site
from outcrop.delivery.mlflow.sender import MlflowSender
from outcrop.delivery.mlflow.workspace import given_workspace, open_workspace, profile_in
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.spool import Spool, spool_dir_for

if TYPE_CHECKING:
    from outcrop.delivery.server_api import ServerApi

_TIMEOUT_S = 30.0
# A query may stand in the warehouse's line.
_WAREHOUSE_TIMEOUT_S = 120.0


class DatabricksDestination(Delivering, Asking):
    """Sends to a workspace and asks its API."""

    def __init__(
        self, uri: str, spool_root: Path, resource: Mapping[str, Any], *, mode: str = "default"
    ) -> None:
        """`uri` is the tracking URI.

        Raises:
            ConfigurationError: what the environment or the profile says is wrong.
        """
        self._profile = profile = profile_in(uri)
        self._schema = schema = catalog_schema()
        began_ns = time.time_ns()
        known = given_workspace(profile)
        if known is None:
            # databricks-sdk loads this too, which fails once the interpreter is ending: there a short
            # program's first and only batch is sent.
            importlib.import_module("concurrent.futures.thread")
        name = f"databricks://{profile}" if profile else "databricks"
        # Of a workspace that only databricks-sdk knows the profile is all that is known here.
        folder = (
            spool_dir_for(known.host, spool_root)
            if known is not None
            else spool_root / re.sub(r"[^A-Za-z0-9.\-]+", "_", name)
        )

        def make_sender() -> MlflowSender:
            opened: list[MlflowRest] = []

            def open_keeper() -> Keeper:
                if not opened:
                    opened.append(_open(profile, schema))
                rest = opened[0]
                return ExperimentKeeper(rest, began_ns) if schema is None else CatalogKeeper(rest, schema)

            def close() -> None:
                for rest in opened:
                    rest.connection.close()

            return MlflowSender(name if known is None else known.host, open_keeper, close)

        super().__init__(Pipeline(make_sender, lambda on_drop: Spool(folder, on_drop), resource, mode=mode))

    def _make_api(self) -> ServerApi:
        if self._schema is not None:
            from outcrop.delivery.mlflow.tables import TablesApi  # noqa: PLC0415  # of those who read

            return TablesApi(_open(self._profile, self._schema, _WAREHOUSE_TIMEOUT_S), self._schema)
        from outcrop.delivery.mlflow.api import MlflowApi  # noqa: PLC0415  # as above

        rest = _open(self._profile, None)
        return MlflowApi(rest, StorageFiles(rest))


def _open(profile: str | None, schema: tuple[str, str] | None, timeout_s: float = _TIMEOUT_S) -> MlflowRest:
    workspace = open_workspace(profile)
    login = "databricks auth login" + (f" --profile {profile}" if profile else "")
    site = Site(
        workspace.host,
        login=f"set DATABRICKS_TOKEN to a token of this workspace, or log in again by {login}",
        is_databricks=True,
        permission=Site.permission if schema is None else f"to use the tables of {'.'.join(schema)}",
    )
    return MlflowRest(Connection(workspace.host, workspace.credentials, timeout_s=timeout_s), site)
