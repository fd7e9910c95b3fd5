"""Every operation of the three services with generated requests, answers, events and errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcrop.testing.shape_server import ShapeReply
from sdk.tests.conformance import generated
from sdk.tests.conformance.laboratory import Laboratory
from sdk.tests.conformance.operations_under_test import OPERATIONS, OperationCase
from sdk.tests.conformance.verdict import check

_EXAMPLES = 20
_EXAMPLES_OF_A_STREAM = 25
# The shapes decide how large an example is.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_a_call_gives_the_same_traced_and_its_span_holds_all_of_it(
    laboratory: Laboratory, case: OperationCase
) -> None:
    examples = _EXAMPLES if case.stream_shape is None else _EXAMPLES_OF_A_STREAM

    @settings(max_examples=examples, suppress_health_check=_QUIET)
    @given(arguments=generated.requests(case), reply=_replies(case))
    def experiment(arguments: dict[str, Any], reply: ShapeReply) -> None:
        check(case, arguments, reply, laboratory.run(case, arguments, reply))

    experiment()


def _replies(case: OperationCase) -> st.SearchStrategy[ShapeReply]:
    answers = generated.answers(case).map(ShapeReply)
    errors = [_errors(case, shape) for shape in case.model.error_shapes]
    # About one call in four fails.
    return st.one_of(answers, answers, answers, st.one_of(errors)) if errors else answers


def _errors(case: OperationCase, shape: Any) -> st.SearchStrategy[ShapeReply]:
    return generated.errors(case, shape).map(lambda members: ShapeReply(members, error=shape))
