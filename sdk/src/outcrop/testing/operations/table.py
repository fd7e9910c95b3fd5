"""The operations that the emulator knows, found by method and path. A new one is added to `OPERATIONS`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from outcrop.testing.operations import (
    converse,
    converse_stream,
    invoke_model,
    invoke_model_with_response_stream,
)
from outcrop.testing.operations.operation import Operation

OPERATIONS = (
    converse.OPERATION,
    converse_stream.OPERATION,
    invoke_model.OPERATION,
    invoke_model_with_response_stream.OPERATION,
)


def find_operation(method: str, path: str) -> tuple[Operation | None, str | None]:
    """The operation behind a request, and the model id in its path.

    Args:
        method: the HTTP method.
        path: the path without its query, URL-encoded as it came. A model id is one segment: botocore
            encodes the colons and slashes of an ARN.

    Returns:
        The operation (None if there is no such path) and the decoded model id (None if there is none).
    """
    for known_method, pattern, operation in _PATTERNS:
        found = pattern.fullmatch(path) if known_method == method else None
        if found:
            model_id = found.groupdict().get("modelId")
            return operation, None if model_id is None else unquote(model_id)
    return None, None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


_PATTERNS = tuple((operation.method, _pattern(operation.path), operation) for operation in OPERATIONS)
