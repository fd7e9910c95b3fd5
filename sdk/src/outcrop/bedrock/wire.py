"""botocore's public events: each attempt as it goes out, and its answer before it is parsed.

The running call is found through a context variable, since the events know nothing of it. A client's
handlers are registered at its first traced call; `before-parse` exists from botocore 1.35.20 and
aiobotocore 2.15.0. The handlers serve both: none of them waits. They stand between the steps of a call
whose own work takes 300 microseconds, so what they do is written out here instead of called.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from outcrop.bedrock.attempts import ERROR_STATUS, Attempt
from outcrop.bedrock.call import Call
from outcrop.capture.faults import report_fault

CURRENT_CALL: ContextVar[Call | None] = ContextVar("outcrop_current_call", default=None)

_clients: weakref.WeakSet[Any] = weakref.WeakSet()
_clients_lock = threading.Lock()


def watch(client: Any) -> None:
    """Registers the handlers on a client, once."""
    with _clients_lock:
        if client not in _clients:
            for event, handler in _events(client).items():
                # Last, so that what other handlers change is seen as it goes out.
                client.meta.events.register_last(event, handler, unique_id=f"outcrop-{event}")
            _clients.add(client)


def unwatch_all() -> None:
    """Takes the handlers off every client again."""
    with _clients_lock:
        for client in list(_clients):
            for event in _events(client):
                client.meta.events.unregister(event, unique_id=f"outcrop-{event}")
        _clients.clear()


def _events(client: Any) -> dict[str, Callable[..., None]]:
    service = client.meta.service_model.service_id.hyphenize()
    return {
        f"before-send.{service}": _on_before_send,
        f"before-parse.{service}": _on_before_parse,
        f"response-received.{service}": _on_response_received,
    }


def _on_before_send(request: Any, **_: Any) -> None:
    call = CURRENT_CALL.get()
    if call is None:
        return
    try:
        if call.url is None:
            call.url = request.url
            body = request.body
            call.request_body = body if type(body) is bytes else call.copied(body)
        call.attempts.append(Attempt(perf_counter_ns()))
    except Exception as error:  # noqa: BLE001  # the call must go on
        report_fault("reading a request", error)


def _on_before_parse(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    call = CURRENT_CALL.get()
    if call is None or operation_model.name != call.operation.name:
        return
    try:
        attempt = call.attempts[-1]
        attempt.ended = perf_counter_ns()
        attempt.status = status = response_dict["status_code"]
        body = response_dict["body"]
        if status >= ERROR_STATUS:
            attempt.failed(response_dict["headers"], body)
        elif type(body) is bytes:
            call.response_body = body
    except Exception as error:  # noqa: BLE001  # as above
        report_fault("reading a response", error)


def _on_response_received(exception: BaseException | None = None, **_: Any) -> None:
    if exception is None:
        return
    call = CURRENT_CALL.get()
    if call is not None:
        call.on_transport_error(exception)
