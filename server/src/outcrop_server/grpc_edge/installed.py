"""Whether grpcio is there, asked before anything starts. It is an extra of the installation."""

from __future__ import annotations

import importlib
import os

from outcrop_server.settings import SettingsError


def check_installed() -> None:
    """Loads grpcio.

    Raises:
        SettingsError: it is not there, or cannot be loaded; says how to get it.
    """
    # Its core would write lines of its own form to standard error, one for each caller that it refuses.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        importlib.import_module("grpc.aio")
    except ImportError as error:
        raise SettingsError(
            f"OTLP over gRPC (--grpc, --grpc-port) needs grpcio, which cannot be loaded: {error}. Install it "
            "beside the server with `pip install 'outcrop[grpc]'`, or let programs send OTLP over HTTP."
        ) from error
