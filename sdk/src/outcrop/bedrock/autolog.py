"""The switch that users turn."""

from __future__ import annotations

import os

from outcrop.bedrock.instrumentation import Instrumentation
from outcrop.capture.faults import logger
from outcrop.exceptions import OutcropError
from outcrop.kept_settings import read_flag
from outcrop.runtime import get_runtime

_instrumentation = Instrumentation()


def autolog(*, disable: bool = False, log_traces: bool = True, silent: bool = False) -> None:
    """Traces every call to Amazon Bedrock from now on, by clients made earlier too.

    Traced is every operation of bedrock-runtime, bedrock-agent-runtime and bedrock-agentcore.
    Calling it twice traces once. Under `OTEL_SDK_DISABLED=true` it does nothing.

    Args:
        disable: give back botocore's own functions instead.
        log_traces: False is the same as `disable=True`: nothing is traced.
        silent: say nothing in the log about what is switched on and where traces go.

    Raises:
        ConfigurationError: `OUTCROP_TRACKING_URI` names no valid destination.
        OutcropError: boto3 is not installed.
    """
    if disable or not log_traces:
        _instrumentation.disable()
        return
    runtime = get_runtime()
    if runtime.settings.is_disabled:
        return  # not even botocore is loaded, let alone changed
    try:
        _instrumentation.enable()
    except ImportError as error:
        raise OutcropError("Tracing Amazon Bedrock needs boto3: pip install boto3") from error
    if not silent:
        logger.info("outcrop: tracing Amazon Bedrock to %s.", runtime.tracking_uri)


def autolog_on_import() -> None:
    """As `autolog`, but nothing happens until the program imports botocore; for launchers.

    Raises:
        ConfigurationError: botocore is there already, and `OUTCROP_TRACKING_URI` names no valid destination.
    """
    if not read_flag(os.environ, "OTEL_SDK_DISABLED"):
        _instrumentation.enable_on_import()
