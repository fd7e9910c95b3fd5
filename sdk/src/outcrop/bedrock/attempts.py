"""The HTTP attempts of a call: when each went out and ended, and with what; an event of the span each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from outcrop.recording.otlp_encode import TimedEvent, event_attribute, event_name, event_of
from outcrop.recording.protobuf import IntAttribute, TextAttribute, varint
from outcrop.recording.span import LiveSpan
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

REQUEST_ID_HEADER = "x-amzn-requestid"
ERROR_STATUS = 300  # the first HTTP status that is no success
NO_HEADERS: Mapping[str, str] = {}
_MAX_ERROR_BODY = 4096  # bytes
_SHORT_ID = 100  # bytes; AWS's have 36
_DURATION = IntAttribute(3, names.ATTEMPT_DURATION_NS)
_REQUEST_ID = TextAttribute(3, gen_ai.AWS_REQUEST_ID)


class Attempt:
    """One attempt. Times are readings of the span's counter."""

    __slots__ = ("body", "ended", "error", "headers", "request_id", "sent", "status")

    def __init__(self, sent: int) -> None:
        """`sent` is 0 if botocore never said when the attempt went out."""
        self.sent = sent
        self.ended = 0
        self.status = 0
        self.headers: Mapping[str, str] = NO_HEADERS
        self.request_id: str | None = None
        self.body: Any = None
        self.error: BaseException | None = None

    def failed(self, headers: Mapping[str, str], body: Any) -> None:
        """Keeps what an error answer says."""
        self.headers = headers
        self.request_id = headers.get(REQUEST_ID_HEADER)
        self.body = body if isinstance(body, bytes) else None


def attempt_events(attempts: list[Attempt], span: LiveSpan) -> list[TimedEvent]:
    """An event an attempt, at its end, with status, code, request id, duration and the wait before it."""
    if len(attempts) == 1 and (answered := _one_answer(attempts[0], span)) is not None:
        return [answered]
    events: list[TimedEvent] = []
    before_ns = 0
    for number, attempt in enumerate(attempts, start=1):
        members = _opening(number, attempt.status)
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


def _one_answer(attempt: Attempt, span: LiveSpan) -> TimedEvent | None:
    """The event of the only attempt of a call that was answered at once: nearly every call's.

    Returns:
        None where it is another case, or its request id is unusually long.
    """
    sent, status = attempt.sent, attempt.status
    if not sent or attempt.error is not None or status >= ERROR_STATUS:
        return None
    ended, request_id = attempt.ended, attempt.request_id
    told, took = request_id.encode("utf-8", "replace") if request_id else b"", varint(ended - sent)
    if len(told) > _SHORT_ID:
        return None
    head, middle, before_id = _frame_of_answer(status, len(took), len(told))
    time_ns = span.epoch_ns(ended)
    return time_ns, b"".join((head, time_ns.to_bytes(8, "little"), middle, took, before_id, told))


@lru_cache(maxsize=1024)
def _frame_of_answer(status: int, duration_bytes: int, id_bytes: int) -> tuple[bytes, bytes, bytes]:
    """What stands before the time, the duration and the request id of such an event."""
    # Encoded with stand-ins of the same length, so that the form is written down in one place only.
    opening = _opening(1, status)
    duration = _DURATION.encode((1 << 7 * duration_bytes) - 1)
    request_id = _REQUEST_ID.encode("-" * id_bytes) if id_bytes else b""
    members = len(opening) + len(duration) + len(request_id)
    whole = event_of(0, opening + duration + request_id)
    return (
        whole[: len(whole) - members - 8],
        opening + duration[: len(duration) - duration_bytes],
        request_id[: len(request_id) - id_bytes],
    )


@lru_cache(maxsize=256)
def _opening(number: int, status: int) -> bytes:
    """What hardly varies: the event's name, the attempt's number, and the status where there is one."""
    pieces = [event_name(names.ATTEMPT_EVENT), event_attribute(names.ATTEMPT_NUMBER, number)]
    if status:
        pieces.append(event_attribute(gen_ai.HTTP_STATUS_CODE, status))
    return b"".join(pieces)


def _failure(attempt: Attempt) -> dict[str, str]:
    if attempt.error is not None:
        return {gen_ai.ERROR_TYPE: type(attempt.error).__name__}
    code = attempt.headers.get("x-amzn-errortype", "")
    return {
        gen_ai.ERROR_TYPE: code.partition(":")[0] or str(attempt.status),
        # What AWS says beside code and message, such as a model's original error.
        names.ATTEMPT_BODY: (attempt.body or b"")[:_MAX_ERROR_BODY].decode("utf-8", "replace"),
    }
