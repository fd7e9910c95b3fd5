"""One laboratory for a file and a client library: every test goes through boto3 and aiobotocore.

aiobotocore pins a botocore of its own: where it is not installed the walk is boto3's alone, and
test_both_clients says so. `make test` walks it where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec

import pytest

from outcrop.testing.shape_server import ShapeServer
from sdk.tests.conformance.aio_caller import open_aio_caller
from sdk.tests.conformance.boto_caller import open_boto_caller
from sdk.tests.conformance.laboratory import Laboratory, open_laboratory
from sdk.tests.conformance.seen import Caller

_CALLERS: dict[str, Callable[[ShapeServer], AbstractContextManager[Caller]]] = {"boto3": open_boto_caller}
if find_spec("aiobotocore"):
    _CALLERS["aiobotocore"] = open_aio_caller


@pytest.fixture(scope="module", params=_CALLERS)
def laboratory(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """Where calls are made untraced and traced."""
    with open_laboratory(_CALLERS[request.param]) as opened:
        yield opened
