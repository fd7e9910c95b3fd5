"""The operations that the emulator knows, found by method and path. A new one is added to `OPERATIONS`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from outcrop.testing.operations import (
    apply_guardrail,
    converse,
    converse_stream,
    count_tokens,
    get_async_invoke,
    invoke_guardrail_checks,
    invoke_model,
    invoke_model_with_response_stream,
    list_async_invokes,
    start_async_invoke,
)
from outcrop.testing.operations.operation import Operation

OPERATIONS = (
    converse.OPERATION,
    converse_stream.OPERATION,
    invoke_model.OPERATION,
    invoke_model_with_response_stream.OPERATION,
    count_tokens.OPERATION,
    apply_guardrail.OPERATION,
    invoke_guardrail_checks.OPERATION,
    start_async_invoke.OPERATION,
    get_async_invoke.OPERATION,
    list_async_invokes.OPERATION,
)


def find_operation(method: str, path: str) -> tuple[Operation | None, dict[str, str]]:
    """The operation behind a request, and what its path says.

    Args:
        method: the HTTP method.
        path: the path without its query, URL-encoded as it came. A model id is one segment: botocore
            encodes the colons and slashes of an ARN.

    Returns:
        The operation (None if there is no such path) and the decoded labels of its path by name.
    """
    for known_method, pattern, operation in _PATTERNS:
        found = pattern.fullmatch(path) if known_method == method else None
        if found:
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    return None, {}


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


_PATTERNS = tuple((operation.method, _pattern(operation.path), operation) for operation in OPERATIONS)
