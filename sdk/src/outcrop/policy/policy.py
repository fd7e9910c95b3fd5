"""The one place through which every finished span goes where something is to be hidden, left out or cut.

A span is put through it when it is encoded: on the delivery thread, before its bytes are written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from outcrop.capture.faults import report_fault
from outcrop.capture.redaction import Redactor
from outcrop.delivery.otlp_decode import decode_span
from outcrop.kept_settings import EVERYTHING, METADATA, KeptSettings
from outcrop.otlp.encode import encode_span, span_attribute
from outcrop.otlp.records import EncodedSpan, EndedSpan, SpanRecord
from outcrop.policy.content import drop_content
from outcrop.policy.limit import limit_span
from outcrop.policy.redact import redact_span
from outcrop.semconv import outcrop_attributes as names

_WITHHELD = "outcrop: withheld"
_WITHHELD_REASON = "This span could not be redacted, so nothing of it was sent but its times."


class Policy:
    """What is kept of every span that ends from now on."""

    def __init__(self, kept: KeptSettings) -> None:
        """`kept` has been checked."""
        self._kept = kept
        self._redactor = Redactor(kept.redactions) if kept.redactions else None

    def on(self, ended: EndedSpan, content: str | None) -> EndedSpan:
        """The ended span as it is to be delivered.

        Args:
            ended: the span as it was recorded.
            content: the content mode for this one span; None for the process's own.
        """
        mode = content or self._kept.content
        if mode == EVERYTHING and self._kept.changes_nothing:
            return ended
        # Settings that hide are those of the moment at which the span ends, however late it is encoded.
        return KeptSpan(self, ended, mode)

    def apply(self, record: SpanRecord, mode: str) -> SpanRecord:
        """Redacts, empties and cuts a span, in this order; the record is changed in place."""
        if self._redactor is not None:
            redact_span(record, self._redactor)
        if mode != EVERYTHING:
            drop_content(record, mode)
        limit_span(record, self._kept)
        return record


class KeptSpan:
    """An ended span that is put through a policy when its bytes are asked for."""

    __slots__ = ("_ended", "_mode", "_policy")
    # Bodies are parsed: not on the program's thread.
    is_costly = True

    def __init__(self, policy: Policy, ended: EndedSpan, mode: str) -> None:
        """Nothing is read yet: the program's thread must not wait."""
        self._policy = policy
        self._ended = ended
        self._mode = mode

    @property
    def is_local_root(self) -> bool:
        """See EndedSpan."""
        return self._ended.is_local_root

    def flat(self) -> None:
        """See EndedSpan: it is read and written anew."""
        return

    def encode(self) -> EncodedSpan:
        """The span in bytes, as it may leave the process."""
        encoded = self._ended.encode()
        try:
            record = self._policy.apply(decode_span(encoded._replace(later=None)), self._mode)
            kept = encode_span(record)
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the raw span must not go out
            report_fault("applying what is to be kept of a span", error)
            return _withheld(encoded)
        if encoded.later is None:
            return kept
        return kept._replace(later=partial(self._later, encoded.later, kept))

    def _later(self, later: Callable[[], bytes], kept: EncodedSpan) -> bytes:
        """What was put off, put through the policy too."""
        found = later()
        if not found:
            return b""
        head = decode_span(EncodedSpan(kept.group, [found], len(found)))
        record = self._policy.apply(head, EVERYTHING)
        return b"".join(span_attribute(key, value) for key, value in record.attributes.items())


def _withheld(encoded: EncodedSpan) -> EncodedSpan:
    """A span that says that it was, and when: its identity, its times and nothing else."""
    raw = decode_span(encoded._replace(later=None))
    bare = SpanRecord(
        trace_id=raw.trace_id,
        span_id=raw.span_id,
        parent_id=raw.parent_id,
        name=_WITHHELD,
        kind=raw.kind,
        start_ns=raw.start_ns,
        end_ns=raw.end_ns,
        status_code=raw.status_code,
        status_message=_WITHHELD_REASON,
        attributes={names.CONTENT: METADATA},
        events=[],
        experiment=raw.experiment,
        scope=raw.scope,
    )
    return encode_span(bare)
