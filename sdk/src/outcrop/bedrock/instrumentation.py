"""The patch points: `_make_api_call` of botocore's client class and of aiobotocore's, wrapped reversibly."""

from __future__ import annotations

import functools
import threading
from contextvars import Token
from typing import Any

from outcrop.bedrock import calls, taps, wire
from outcrop.bedrock.call import Call
from outcrop.bedrock.import_watch import when_imported
from outcrop.recording.current import leave, make_current
from outcrop.runtime import get_runtime

_MODULE, _AIO_MODULE = "botocore.client", "aiobotocore.client"


class Instrumentation:
    """Whether Bedrock calls are traced. One a process."""

    def __init__(self) -> None:
        """Starts switched off; botocore is not loaded until it is switched on."""
        self._lock = threading.Lock()
        self._is_on = False
        self._is_hooked = False
        self._sync = PatchPoint(self._wrap)
        self._async = PatchPoint(self._wrap_async)

    @property
    def is_on(self) -> bool:
        """Whether calls are traced now."""
        return self._is_on

    def enable(self) -> None:
        """Begins to trace every client of this process, those made earlier included.

        aiobotocore is patched as soon as the program has imported it, and never imported for its own sake.

        Raises:
            ImportError: botocore is not installed.
        """
        from botocore.client import BaseClient  # noqa: PLC0415  # `import outcrop` must not load boto3

        with self._lock:
            self._is_on = True
            self._sync.patch(BaseClient)
            if not self._is_hooked:
                runtime = get_runtime()
                runtime.before_flush.append(taps.end_open_streams)
                runtime.before_exit.append(functools.partial(taps.end_open_streams, is_exit=True))
                self._is_hooked = True
        when_imported(_AIO_MODULE, self._patch_async)

    def enable_on_import(self) -> None:
        """The same as soon as the program has imported botocore, which is never imported for its own sake.

        A program may have to arrange things before botocore brings ssl and sockets in, as gevent's do.
        """
        self._is_on = True
        when_imported(_MODULE, lambda _: self.enable() if self._is_on else None)

    def disable(self) -> None:
        """Gives back the original functions. Where another tracer has wrapped ours, ours steps aside."""
        with self._lock:
            self._is_on = False
            calls.forget_clients()
            self._sync.restore()
            self._async.restore()

    def _patch_async(self, module: Any) -> None:
        with self._lock:
            if self._is_on:
                self._async.patch(module.AioBaseClient)

    def _wrap(self, original: Any) -> Any:
        @functools.wraps(original)
        def _make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
            call = calls.begin(client, operation_name, api_params) if self._is_on else None
            if type(call) is not Call:
                return _unrecorded(call, original, client, operation_name, api_params)
            call_token = wire.CURRENT_CALL.set(call)
            # Current while the request runs, so that an HTTP library's own spans nest under it.
            span_token = make_current(call.span)
            try:
                response = original(client, operation_name, api_params)
            except BaseException as error:
                calls.failed(call, api_params, error)
                raise
            finally:
                leave(span_token)
                wire.CURRENT_CALL.reset(call_token)
            calls.answered(call, api_params, response, taps.tap_event_stream, taps.tap_body)
            return response

        return _make_api_call

    def _wrap_async(self, original: Any) -> Any:
        # With it comes asyncio, which a program has loaded that has loaded aiobotocore.
        from outcrop.bedrock import aio_taps  # noqa: PLC0415

        @functools.wraps(original)
        async def _make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
            call = calls.begin(client, operation_name, api_params) if self._is_on else None
            if type(call) is not Call:
                return await _unrecorded_async(call, original, client, operation_name, api_params)
            call_token = wire.CURRENT_CALL.set(call)
            span_token = make_current(call.span)
            try:
                response = await original(client, operation_name, api_params)
            except BaseException as error:
                calls.failed(call, api_params, error)
                raise
            finally:
                _leave(call_token, span_token)
            calls.answered(call, api_params, response, aio_taps.tap_event_stream, aio_taps.tap_body)
            return response

        return _make_api_call


def _unrecorded(span: Any, original: Any, *arguments: Any) -> Any:
    """Runs a call that is not traced, or that sampling leaves out: its ids are passed on all the same."""
    if span is None:
        return original(*arguments)
    token = make_current(span)
    try:
        return original(*arguments)
    finally:
        leave(token)


async def _unrecorded_async(span: Any, original: Any, *arguments: Any) -> Any:
    """Its twin."""
    if span is None:
        return await original(*arguments)
    token = make_current(span)
    try:
        return await original(*arguments)
    finally:
        leave(token)


def _leave(call_token: Token[Any], span_token: Token[Any]) -> None:
    """Sets back what an asynchronous call has set."""
    try:
        wire.CURRENT_CALL.reset(call_token)
    except ValueError:
        # A coroutine that is thrown away unfinished is closed in whatever context the collector runs;
        # the one to set back has gone with its task.
        return
    leave(span_token)


class PatchPoint:
    """One class whose `_make_api_call` is wrapped while tracing is on."""

    def __init__(self, wrap: Any) -> None:
        """`wrap` makes the wrapper from the original."""
        self._wrap = wrap
        self._class: Any = None
        self._original: Any = None
        self._wrapper: Any = None

    def patch(self, client_class: Any) -> None:
        """Wraps, unless our wrapper is in place already, be it under another's."""
        if self._wrapper is not None and self._is_in_chain():
            return
        self._class = client_class
        self._original = client_class._make_api_call  # noqa: SLF001  # botocore's seam for every call
        self._wrapper = self._wrap(self._original)
        client_class._make_api_call = self._wrapper  # noqa: SLF001  # as above

    def restore(self) -> None:
        """Gives the original back if nobody has wrapped ours meanwhile."""
        if self._wrapper is not None and self._class._make_api_call is self._wrapper:  # noqa: SLF001  # as above
            self._class._make_api_call = self._original  # noqa: SLF001  # as above
            self._class = self._wrapper = self._original = None

    def _is_in_chain(self) -> bool:
        function = self._class._make_api_call  # noqa: SLF001  # as above
        while function is not None:
            if function is self._wrapper:
                return True
            function = getattr(function, "__wrapped__", None)
        return False
