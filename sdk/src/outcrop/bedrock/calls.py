"""The beginning and the end of a traced call, the same for botocore and aiobotocore."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from outcrop.bedrock import wire
from outcrop.bedrock.call import Call
from outcrop.bedrock.operations import SERVICES, Meaning, Operation, describe, named
from outcrop.capture.faults import report_fault
from outcrop.otlp.records import KIND_CLIENT
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

SCOPE = "outcrop.bedrock"

# What botocore's models say of the operations that have been called, by service and operation.
_operations: dict[tuple[str, str], Operation] = {}

Tap = Callable[[Call, Any], None]


class KnownClient:
    """What is to be known of a client at each of its calls.

    Attributes:
        client: the client itself, weakly.
        is_traced: whether its service is.
        region: AWS's name of its region.
        operations: the operations that were called through it.
    """

    __slots__ = ("client", "is_traced", "operations", "region")

    def __init__(self, client: Any, forget: Callable[[Any], None]) -> None:
        """`forget` is called when the client has gone."""
        self.client = weakref.ref(client, forget)
        self.is_traced = client.meta.service_model.service_name in SERVICES
        self.region = client.meta.region_name
        self.operations: dict[str, Operation] = {}


# By `id(client)`: a client that has gone takes its entry along.
_known: dict[int, KnownClient] = {}


def begin(client: Any, name: str, arguments: Any) -> Call | LiveSpan | None:
    """Starts the span.

    Returns:
        The call. A bare span where sampling leaves it out: it is to be current while the call runs. None
        for services that are not traced, and if it fails: the call runs untraced.
    """
    try:
        known = _known.get(id(client))
        if known is None or known.client() is not client:
            known = _meet(client)
        if not known.is_traced:
            return None
        operation = known.operations.get(name)
        if operation is None:
            operation = known.operations[name] = _learn(client, name)
        subject = arguments.get(operation.subject)
        meaning, title = named(operation, subject if isinstance(subject, str) else None)
        runtime = get_runtime()
        if runtime.choosing is None:
            span = runtime.start_span(title, SCOPE, KIND_CLIENT)
        else:
            span = runtime.start_span(
                title, SCOPE, KIND_CLIENT, attributes=_seen_by_samplers(operation, meaning, subject, known)
            )
            if not span.is_recorded:
                return span
        return Call(operation, meaning, span, known.region, arguments.get("modelId"))
    except Exception as error:  # noqa: BLE001  # the program's call comes first
        report_fault("starting a span", error)
        return None


def _seen_by_samplers(
    operation: Operation, meaning: Meaning, subject: Any, known: KnownClient
) -> dict[str, Any]:
    return {
        gen_ai.PROVIDER_NAME: gen_ai.PROVIDER_BEDROCK,
        gen_ai.OPERATION_NAME: meaning.genai_operation,
        gen_ai.REQUEST_MODEL: subject if operation.subject == "modelId" else None,
        gen_ai.CLOUD_REGION: known.region,
        names.SPAN_TYPE: meaning.span_type,
        names.AWS_SERVICE: operation.service,
        names.AWS_OPERATION: operation.name,
    }


def forget_clients() -> None:
    """Takes the handlers off every client again, and forgets them."""
    wire.unwatch_all()
    _known.clear()


def _meet(client: Any) -> KnownClient:
    key = id(client)

    def forget(reference: Any) -> None:
        known = _known.get(key)
        if known is not None and known.client is reference:
            del _known[key]

    known = KnownClient(client, forget)
    if known.is_traced:
        wire.watch(client)
    _known[key] = known
    return known


def _learn(client: Any, name: str) -> Operation:
    model = client.meta.service_model
    operation = _operations.get((model.service_name, name))
    if operation is None:
        operation = describe(model.operation_model(name))
        _operations[model.service_name, name] = operation
    return operation


def failed(call: Call, arguments: Any, error: BaseException) -> None:
    """Ends a call that raised."""
    try:
        call.keep_arguments(arguments)
        call.fail(error)
    except Exception as fault:  # noqa: BLE001  # the caller must get botocore's exception
        report_fault("ending a failed span", fault)


def answered(call: Call, arguments: Any, response: Mapping[str, Any], tap_stream: Tap, tap_body: Tap) -> None:
    """Ends a call that returned, or taps the answer that is still to be read."""
    try:
        call.keep_arguments(arguments)
        operation = call.operation
        if not call.has_response:
            # A stubbed client's stream or body is the test's own object: it is left alone.
            call.keep_answer(response)
            call.finish()
            return
        call.keep_head(response)
        if operation.response_member is None:
            call.finish()
        elif operation.is_stream:
            tap_stream(call, response[operation.response_member])
        else:
            tap_body(call, response[operation.response_member])
    except Exception as fault:  # noqa: BLE001  # the caller must get botocore's answer
        _end_after(fault, call)


def _end_after(fault: Exception, call: Call) -> None:
    """Ends a call whose answer cannot be watched, such as another HTTP library's: what is known is kept."""
    report_fault("ending a span", fault)
    try:
        call.finish()
    except Exception as another:  # noqa: BLE001  # as above
        report_fault("ending a span", another)
