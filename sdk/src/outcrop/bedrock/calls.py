"""The beginning and the end of a traced call, the same for botocore and aiobotocore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outcrop.bedrock import wire
from outcrop.bedrock.call import Call
from outcrop.bedrock.operations import SERVICES, Operation, describe, meaning_for
from outcrop.capture.faults import report_fault
from outcrop.recording.record import KIND_CLIENT
from outcrop.runtime import get_runtime

SCOPE = "outcrop.bedrock"

# What botocore's models say of the operations that have been called, by service and operation.
_operations: dict[tuple[str, str], Operation] = {}

Tap = Callable[[Call, Any], None]


def begin(client: Any, name: str, arguments: Any) -> Call | None:
    """Starts the span; None for services that are not traced, and if it fails: the call runs untraced."""
    service = client.meta.service_model.service_name
    if service not in SERVICES:
        return None
    try:
        wire.watch(client)
        operation = _operations.get((service, name))
        if operation is None:
            operation = describe(client.meta.service_model.operation_model(name))
            _operations[service, name] = operation
        meaning = operation.meaning
        subject = arguments.get(meaning.subject) if meaning.subject else None
        title = meaning.genai_operation or operation.name
        if isinstance(subject, str):
            meaning = meaning_for(meaning, subject)
            title = f"{meaning.genai_operation or operation.name} {subject}"
        span = get_runtime().start_span(title, scope=SCOPE, kind=KIND_CLIENT)
        return Call(operation, meaning, span, arguments, client.meta.region_name)
    except Exception as error:  # noqa: BLE001  # the program's call comes first
        report_fault("starting a span", error)
        return None


def failed(call: Call, arguments: Any, error: BaseException) -> None:
    """Ends a call that raised."""
    try:
        if not call.has_request:
            call.serialise_arguments(arguments)
        call.fail(error)
    except Exception as fault:  # noqa: BLE001  # the caller must get botocore's exception
        report_fault("ending a failed span", fault)


def answered(call: Call, arguments: Any, response: Mapping[str, Any], tap_stream: Tap, tap_body: Tap) -> None:
    """Ends a call that returned, or taps the answer that is still to be read."""
    try:
        _answered(call, arguments, response, tap_stream, tap_body)
    except Exception as fault:  # noqa: BLE001  # the caller must get botocore's answer
        report_fault("ending a span", fault)


def _answered(
    call: Call, arguments: Any, response: Mapping[str, Any], tap_stream: Tap, tap_body: Tap
) -> None:
    if not call.has_request:
        call.serialise_arguments(arguments)
    member = call.operation.response_member
    if not call.has_response:
        # A stubbed client's stream or body is the test's own object: it is left alone.
        call.keep_answer(response)
        call.finish()
    elif member is None:
        call.keep_members(response)
        call.finish()
    elif call.operation.is_stream:
        call.keep_members(response)
        tap_stream(call, response[member])
    else:
        call.keep_members(response)
        tap_body(call, response[member])
