"""The one patch point: `botocore.client.BaseClient._make_api_call`, wrapped once and reversibly."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace as otel

from outcrop.bedrock import taps, wire
from outcrop.bedrock.call import Call
from outcrop.bedrock.operations import OPERATIONS, SERVICE, Operation
from outcrop.capture.faults import report_fault
from outcrop.recording.record import KIND_CLIENT
from outcrop.runtime import get_runtime
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

SCOPE = "outcrop.bedrock"

_MISSING = object()


class Instrumentation:
    """Whether Bedrock calls are traced. One a process."""

    def __init__(self) -> None:
        """Starts switched off; botocore is not loaded until it is switched on."""
        self._lock = threading.Lock()
        self._original: Any = None
        self._wrapper: Any = None
        self._is_on = False
        self._is_hooked = False

    @property
    def is_on(self) -> bool:
        """Whether calls are traced now."""
        return self._is_on

    def enable(self) -> None:
        """Begins to trace every botocore client of this process, those made earlier included.

        Raises:
            ImportError: botocore is not installed.
        """
        client_class = _client_class()
        with self._lock:
            self._is_on = True
            if self._wrapper is not None and self._is_in_chain(client_class):
                return
            self._original = client_class._make_api_call  # noqa: SLF001  # botocore's seam for every call
            self._wrapper = self._wrap(self._original)
            client_class._make_api_call = self._wrapper  # noqa: SLF001  # as above
            self._hook_runtime()

    def disable(self) -> None:
        """Gives back the original function. Where another tracer has wrapped ours, ours steps aside."""
        with self._lock:
            self._is_on = False
            wire.unwatch_all()
            if self._wrapper is None:
                return
            client_class = _client_class()
            if client_class._make_api_call is self._wrapper:  # noqa: SLF001  # as above
                client_class._make_api_call = self._original  # noqa: SLF001  # as above
                self._wrapper = self._original = None

    def _is_in_chain(self, client_class: Any) -> bool:
        function = client_class._make_api_call  # noqa: SLF001  # as above
        while function is not None:
            if function is self._wrapper:
                return True
            function = getattr(function, "__wrapped__", None)
        return False

    def _hook_runtime(self) -> None:
        if not self._is_hooked:
            runtime = get_runtime()
            runtime.before_flush.append(taps.end_open_streams)
            runtime.before_exit.append(functools.partial(taps.end_open_streams, is_exit=True))
            self._is_hooked = True

    def _wrap(self, original: Any) -> Callable[..., Any]:
        @functools.wraps(original)
        def _make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
            operation = OPERATIONS.get(operation_name) if self._is_on else None
            if operation is None or client._service_model.service_name != SERVICE:  # noqa: SLF001  # as above
                return original(client, operation_name, api_params)
            call = _begin(operation, client, api_params)
            if call is None:
                return original(client, operation_name, api_params)
            return _run(call, original, client, operation_name, api_params)

        return _make_api_call


def _client_class() -> Any:
    from botocore.client import BaseClient  # noqa: PLC0415  # `import outcrop` must not load boto3

    return BaseClient


def _begin(operation: Operation, client: Any, arguments: Any) -> Call | None:
    """Starts the span; None if that fails, and then the call runs untraced."""
    try:
        wire.watch(client)
        model_id = arguments.get("modelId", _MISSING)
        attributes: dict[str, Any] = {
            gen_ai.OPERATION_NAME: operation.genai_operation,
            gen_ai.PROVIDER_NAME: gen_ai.PROVIDER_BEDROCK,
            names.SPAN_TYPE: operation.span_type,
            gen_ai.CLOUD_REGION: client.meta.region_name,
        }
        name = operation.genai_operation
        if isinstance(model_id, str):
            attributes[gen_ai.REQUEST_MODEL] = model_id
            name = f"{name} {model_id}"
        if operation.is_stream:
            attributes[gen_ai.REQUEST_STREAM] = True
        span = get_runtime().start_span(name, scope=SCOPE, kind=KIND_CLIENT, attributes=attributes)
        return Call(operation, span, arguments)
    except Exception as error:  # noqa: BLE001  # the program's call comes first
        report_fault("starting a span", error)
        return None


def _run(call: Call, original: Callable[..., Any], client: Any, name: str, arguments: Any) -> Any:
    call_token = wire.CURRENT_CALL.set(call)
    # Current while the request runs, so that an HTTP library's own spans nest under it.
    span_token = otel_context.attach(otel.set_span_in_context(call.span))
    try:
        response = original(client, name, arguments)
    except BaseException as error:
        _guarded(_failed, call, arguments, error)
        raise
    finally:
        otel_context.detach(span_token)
        wire.CURRENT_CALL.reset(call_token)
    _guarded(_answered, call, arguments, response)
    return response


def _guarded(step: Callable[[Call, Any, Any], None], call: Call, arguments: Any, result: Any) -> None:
    try:
        step(call, arguments, result)
    except Exception as error:  # noqa: BLE001  # the caller must get botocore's answer or exception
        report_fault("ending a span", error)


def _failed(call: Call, arguments: Any, error: BaseException) -> None:
    if not call.has_request:
        call.serialise_arguments(arguments)
    call.fail(error)


def _answered(call: Call, arguments: Any, response: Any) -> None:
    if not call.has_request:
        call.serialise_arguments(arguments)
    member = call.operation.answer_body
    if member is None:
        if not call.has_response:
            call.keep_answer(response)
        call.finish()
        return
    call.keep_members(response)
    body = response.get(member)
    if not call.has_response:
        # A stubbed client's body is the test's own object: it is left alone.
        call.finish()
    elif call.operation.is_stream:
        taps.tap_event_stream(call, body)
    else:
        taps.tap_body(call, body)
