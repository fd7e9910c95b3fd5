"""A finished span in the form that other back ends read. Called on the delivery thread, once a span.

Comes in with the raw exchange as attributes, goes out with the conventions' content and without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from outcrop.capture.faults import report_fault
from outcrop.genai.conventions import read_chat
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_text
from outcrop.normalised import messages, open_inference
from outcrop.normalised.chunk_events import chunk_events
from outcrop.normalised.functions import describe_function
from outcrop.normalised.kind import Kind, is_model_call, model_call
from outcrop.normalised.limits import Fitted, fit_messages, fit_named, fit_parts, fit_text, fit_value
from outcrop.normalised.operations import describe_operation
from outcrop.normalised.request import parameter_attributes
from outcrop.normalised.response import answer_attributes
from outcrop.otlp.records import STATUS_ERROR, SpanRecord
from outcrop.semconv import gen_ai
from outcrop.semconv import open_inference as inference
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import read_span

_BINARY = frozenset({names.REQUEST_BODY, names.RESPONSE_BODY, names.STREAM_CHUNKS})
# What only Outcrop's own reader understands; all of it is said in other words.
_EXCHANGE = _BINARY | {
    names.REQUEST_MEMBER,
    names.REQUEST_PARAMS,
    names.RESPONSE_MEMBER,
    names.RESPONSE_FIELDS,
    names.INPUTS,
    names.OUTPUTS,
}
_CALL = (gen_ai.TOOL_CALL_ARGUMENTS, gen_ai.TOOL_CALL_RESULT)


def normalise(
    record: SpanRecord, *, keeps_exchange: bool = False, adds_chunk_events: bool = False
) -> SpanRecord:
    """Gives a span the conventions' content and takes the raw exchange away.

    Args:
        record: a finished span of ours; it is left as it is.
        keeps_exchange: whether the raw exchange stays too, for an Outcrop server behind a collector.
        adds_chunk_events: whether each piece of a stream becomes an event.

    Returns:
        The span to send. One that cannot be read goes out as it is without the binary attributes, and
        the fault is reported.
    """
    try:
        return _Normaliser(record).result(keeps_exchange, adds_chunk_events)
    except Exception as error:  # noqa: BLE001  # one span's oddity must not cost the others of its batch
        report_fault("normalising a span for another back end", error)
        kept = {} if keeps_exchange else {n: v for n, v in record.attributes.items() if n not in _BINARY}
        return record if keeps_exchange else replace(record, attributes=kept)


class _Normaliser:
    """One span on its way."""

    def __init__(self, record: SpanRecord) -> None:
        self._record = record
        attempts = sum(event.name == names.ATTEMPT_EVENT for event in record.events)
        self._view = read_span(record.attributes, attempts=attempts)
        self._is_bedrock = names.AWS_OPERATION in record.attributes
        self._found: JsonObject = {}
        self._left_out: list[str] = []

    def result(self, keeps_exchange: bool, adds_chunk_events: bool) -> SpanRecord:
        record, view = self._record, self._view
        self._found.update(answer_attributes(view))
        self._found.update(parameter_attributes(view))
        kind = self._describe()
        self._found.update(kind.attributes)
        self._put_kind(kind)
        self._put_content(kind)
        events = list(record.events)
        if adds_chunk_events and view.stream is not None:
            added, is_cut = chunk_events(view.stream, record.start_ns)
            events = sorted([*events, *added], key=lambda event: event.time_ns)
            if is_cut:
                self._left_out.append("events")
        return replace(
            record, name=self._name(kind), attributes=self._attributes(keeps_exchange), events=events
        )

    def _describe(self) -> Kind:
        attributes = self._record.attributes
        if not self._is_bedrock:
            return describe_function(self._record.name, self._view)
        if is_model_call(attributes):
            return model_call(self._view, attributes, as_text(self._found.get(gen_ai.OUTPUT_TYPE)))
        return describe_operation(as_text(attributes[names.AWS_OPERATION]) or "", self._view)

    def _name(self, kind: Kind) -> str:
        # A function that says itself which operation it is names itself too.
        own = self._record.attributes.get(gen_ai.OPERATION_NAME)
        is_own = not self._is_bedrock and own is not None
        return self._record.name if is_own else kind.name(self._record.name)

    def _put_kind(self, kind: Kind) -> None:
        if kind.operation is not None:
            self._found[gen_ai.OPERATION_NAME] = kind.operation
        self._found.update(open_inference.kind_attributes(self._view))
        session = as_text(self._record.attributes.get(names.SESSION_ID))
        if session is not None:
            self._found.setdefault(gen_ai.CONVERSATION_ID, session)
        if self._record.status_code == STATUS_ERROR:
            self._found[gen_ai.ERROR_TYPE] = self._record.attributes.get(
                gen_ai.ERROR_TYPE, gen_ai.ERROR_TYPE_OTHER
            )

    def _put_content(self, kind: Kind) -> None:
        view = self._view
        if self._is_bedrock and view.chat is not None:
            self._put_chat(view)
        if kind.sent is not None:
            self._put(gen_ai.INPUT_MESSAGES, fit_messages([messages.text_message("user", kind.sent)]))
        if kind.answered is not None:
            answer = messages.spoken_answer(kind.answered, view)
            self._put(gen_ai.OUTPUT_MESSAGES, fit_messages([answer]))
        if kind.documents:
            self._put(gen_ai.RETRIEVAL_DOCUMENTS, fit_named(kind.documents))
        if kind.call is not None:
            for name, value in zip(_CALL, kind.call, strict=True):
                if value is not None:
                    self._put(name, fit_value(value))
        # Langfuse would show these two instead of the messages.
        has_messages = read_chat(self._record.attributes) is not None
        if not kind.has_content_place and not has_messages:
            for name, (type_name, fitted) in open_inference.content(view).items():
                self._put(name, fitted)
                self._found[type_name] = open_inference.mime_type(fitted)

    def _put_chat(self, view: SpanView) -> None:
        chat = view.chat
        if chat is None:
            return
        self._put_list(gen_ai.INPUT_MESSAGES, fit_messages, messages.input_messages(chat))
        self._put_list(gen_ai.OUTPUT_MESSAGES, fit_messages, messages.output_messages(chat, view))
        self._put_list(gen_ai.SYSTEM_INSTRUCTIONS, fit_parts, messages.system_instructions(chat))
        self._put_list(gen_ai.TOOL_DEFINITIONS, fit_named, messages.tool_definitions(chat))
        if chat.parameters:
            self._put(inference.LLM_INVOCATION_PARAMETERS, fit_value(chat.parameters))

    def _put_list(self, name: str, fit: Any, entries: list[JsonObject]) -> None:
        if entries:
            self._put(name, fit(entries))

    def _put(self, name: str, fitted: Fitted) -> None:
        self._found[name] = fitted.text
        if fitted.is_cut:
            self._left_out.append(name)

    def _attributes(self, keeps_exchange: bool) -> JsonObject:
        hidden = frozenset[str]() if keeps_exchange else _EXCHANGE
        given = {name: value for name, value in self._record.attributes.items() if name not in hidden}
        # What the user set on a function's span is the user's; what a call is, its exchange says best.
        found = {**given, **self._found} if self._is_bedrock else {**self._found, **given}
        for name, value in found.items():
            if isinstance(value, str) and name not in _EXCHANGE:
                fitted = fit_text(value)
                if fitted.is_cut:
                    found[name] = fitted.text
                    self._left_out.append(name)
        if self._left_out:
            found[names.LEFT_OUT] = self._left_out
        return found
