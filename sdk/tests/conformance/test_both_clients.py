"""boto3 and aiobotocore are one walk: what the callers see of the same answers is the same."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from outcrop.testing.shape_server import ShapeServer
from sdk.tests.conformance.aio_caller import open_aio_caller
from sdk.tests.conformance.boto_caller import open_boto_caller
from sdk.tests.conformance.every_member import every_answer, every_request
from sdk.tests.conformance.operations_under_test import OPERATIONS

_NO_AIOBOTOCORE = "aiobotocore pins a botocore of its own: `make test-versions` walks it where it is"


@pytest.mark.skipif(find_spec("aiobotocore") is None, reason=_NO_AIOBOTOCORE)
def test_both_clients_see_the_same_of_every_operation() -> None:
    with ShapeServer() as server, open_boto_caller(server) as boto, open_aio_caller(server) as aio:
        for case in OPERATIONS:
            server.put(case.model, every_answer(case)[0])
            arguments = every_request(case)[0]
            awaited, called = aio.call(case, arguments), boto.call(case, arguments)
            assert awaited.error is None
            assert awaited.response == called.response
            # All but the classes from which it was read.
            assert awaited.streamed[1:] == called.streamed[1:]
