"""botocore's public events: the request before it goes out, and each answer before it is parsed.

The running call is found through a context variable, since the events know nothing of it. A client's
handlers are registered at its first traced call; `before-parse` exists from botocore 1.35.20.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from outcrop.bedrock.call import Call
from outcrop.bedrock.operations import SERVICE
from outcrop.capture.faults import report_fault

CURRENT_CALL: ContextVar[Call | None] = ContextVar("outcrop_current_call", default=None)

_clients: weakref.WeakSet[Any] = weakref.WeakSet()
_clients_lock = threading.Lock()


def watch(client: Any) -> None:
    """Registers the handlers on a client, once."""
    if client in _clients:
        return
    with _clients_lock:
        if client not in _clients:
            events = client.meta.events
            # Last, so that what other handlers change is seen as it goes out.
            events.register_last(f"before-call.{SERVICE}", _on_before_call, unique_id="outcrop-before-call")
            events.register_last(
                f"before-parse.{SERVICE}", _on_before_parse, unique_id="outcrop-before-parse"
            )
            _clients.add(client)


def unwatch_all() -> None:
    """Takes the handlers off every client again."""
    with _clients_lock:
        for client in list(_clients):
            events = client.meta.events
            events.unregister(f"before-call.{SERVICE}", unique_id="outcrop-before-call")
            events.unregister(f"before-parse.{SERVICE}", unique_id="outcrop-before-parse")
        _clients.clear()


def _on_before_call(model: Any, params: Mapping[str, Any], **_: Any) -> None:
    call = CURRENT_CALL.get()
    if call is None or model.name != call.operation.name:
        return
    try:
        call.on_request(params["url"], params["body"])
    except Exception as error:  # noqa: BLE001  # the call must go on
        report_fault("reading a request", error)


def _on_before_parse(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    call = CURRENT_CALL.get()
    if call is None or operation_model.name != call.operation.name:
        return
    try:
        call.on_response(response_dict["status_code"], response_dict["headers"], response_dict["body"])
    except Exception as error:  # noqa: BLE001  # as above
        report_fault("reading a response", error)
