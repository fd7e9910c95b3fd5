"""The HTTP attempts of a call: when each went out and ended, and with what; an event of the span each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.otlp.encode import TimedEvent, event_attribute, event_of
from outcrop.otlp.flat import attempt_opening
from outcrop.otlp.protobuf import IntAttribute, TextAttribute
from outcrop.recording.span import LiveSpan
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

REQUEST_ID_HEADER = "x-amzn-requestid"
ERROR_STATUS = 300  # the first HTTP status that is no success
NO_HEADERS: Mapping[str, str] = {}
_MAX_ERROR_BODY = 4096  # bytes
_DURATION = IntAttribute(3, names.ATTEMPT_DURATION_NS)
_REQUEST_ID = TextAttribute(3, gen_ai.AWS_REQUEST_ID)


class Attempt:
    """One attempt. Times are readings of the span's counter."""

    # What most attempts never change stands here once: one is made within each traced call.
    ended = 0
    status = 0
    headers: Mapping[str, str] = NO_HEADERS
    request_id: str | None = None
    body: bytes | None = None
    error: BaseException | None = None

    def __init__(self, sent: int) -> None:
        """`sent` is 0 if botocore never said when the attempt went out."""
        self.sent = sent

    @property
    def is_answer(self) -> bool:
        """Whether it went out, and ended with what was asked for."""
        return bool(self.sent) and self.error is None and 0 < self.status < ERROR_STATUS

    def failed(self, headers: Mapping[str, str], body: Any) -> None:
        """Keeps what an error answer says."""
        self.headers = headers
        self.request_id = headers.get(REQUEST_ID_HEADER)
        self.body = body if isinstance(body, bytes) else None


def attempt_events(attempts: list[Attempt], span: LiveSpan) -> list[TimedEvent]:
    """An event an attempt, at its end, with status, code, request id, duration and the wait before it."""
    events: list[TimedEvent] = []
    before_ns = 0
    for number, attempt in enumerate(attempts, start=1):
        members = attempt_opening(number, attempt.status)
        if attempt.sent:
            members += _DURATION.encode(attempt.ended - attempt.sent)
            if number > 1:
                members += event_attribute(names.ATTEMPT_DELAY_NS, attempt.sent - before_ns)
        if attempt.request_id:
            members += _REQUEST_ID.encode(attempt.request_id)
        if attempt.error is not None or attempt.status >= ERROR_STATUS:
            members += b"".join([event_attribute(key, value) for key, value in _failure(attempt).items()])
        time_ns = span.epoch_ns(attempt.ended or attempt.sent)
        events.append((time_ns, event_of(time_ns, members)))
        before_ns = attempt.ended
    return events


def _failure(attempt: Attempt) -> dict[str, str]:
    if attempt.error is not None:
        return {gen_ai.ERROR_TYPE: type(attempt.error).__name__}
    code = attempt.headers.get("x-amzn-errortype", "")
    return {
        gen_ai.ERROR_TYPE: code.partition(":")[0] or str(attempt.status),
        # What AWS says beside code and message, such as a model's original error.
        names.ATTEMPT_BODY: (attempt.body or b"")[:_MAX_ERROR_BODY].decode("utf-8", "replace"),
    }
