"""boto3 clients that talk to a server on this machine: dummy credentials, no proxies."""

from __future__ import annotations

import importlib
from typing import Any

_REGION = "us-east-1"


def make_client(endpoint_url: str, service: str, options: dict[str, Any]) -> Any:
    """A real boto3 client.

    Args:
        endpoint_url: where the server listens.
        service: the AWS service's name.
        options: for `boto3.client`, in place of the defaults; a `config` is merged into ours.

    Returns:
        The client. Its class is made by boto3 at run time.

    Raises:
        ImportError: boto3 is not installed.
    """
    try:
        boto3 = importlib.import_module("boto3")
        config = importlib.import_module("botocore.config").Config(proxies={})
    except ImportError as error:
        raise ImportError("Making a client needs boto3: run `pip install boto3`.") from error
    if "config" in options:
        config = config.merge(options["config"])
    defaults = {
        "endpoint_url": endpoint_url,
        "region_name": _REGION,
        "aws_access_key_id": "outcrop-emulator",
        "aws_secret_access_key": "outcrop-emulator",
    }
    return boto3.client(service, **{**defaults, **options, "config": config})
