"""How traces get into an MLflow server: spans by OTLP, then the summary of each trace whose root has come."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from outcrop.delivery.http_words import is_loopback
from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.artifacts import ServerArtifacts, put_data
from outcrop.delivery.mlflow.experiments import Experiments
from outcrop.delivery.mlflow.remembered import Remembered, Sofar
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.delivery.mlflow.span_form import SpanForm
from outcrop.delivery.mlflow.trace_form import experiment_location, trace_info
from outcrop.json_reading import JsonObject, as_object
from outcrop.otlp.encode import encode_span
from outcrop.otlp.protobuf import message

_TRACES = "/api/3.0/mlflow/traces"
_OTLP = "/v1/traces"
_WORTH_COMPRESSING = 1024  # bytes
_GZIP = 31  # zlib's number for its own largest window and gzip's framing
# Said by MLflow where its store failed, not the spans; the store may work in a moment.
_STORE_FAILED = ("Failed to log", "Cannot store")
_MOST_FAILURES = 5


@dataclass(frozen=True)
class TraceInHand:
    """The spans of one trace in a batch.

    Attributes:
        forms: at least one.
        service: the program's name; None where it has none.
    """

    forms: Sequence[SpanForm]
    service: str | None = None

    @property
    def trace_id(self) -> bytes:
        """16 bytes."""
        return self.forms[0].record.trace_id


class Keeper(Protocol):
    """One way in."""

    def keep(self, experiment: str, traces: Sequence[TraceInHand]) -> None:
        """Brings spans of one experiment there, each as often as it is asked.

        Raises:
            RefusedError: not taken.
            NoAnswerError: nothing answers.
        """
        ...


class ServerKeeper:
    """An MLflow server of 3.4 or later."""

    def __init__(self, rest: MlflowRest, version: tuple[int, ...], began_ns: int) -> None:
        """Of traces that began before `began_ns` another process may have sent spans.

        Args:
            rest: the server.
            version: the server's.
            began_ns: when this process began to send, nanoseconds since the epoch.
        """
        self._rest = rest
        self._experiments = Experiments(rest)
        self._is_recent = version >= words.TAKES_MANY_TRACES
        # Before, spans are read from an artifact that holds the whole trace.
        self._remembered = Remembered(keeps_spans=not self._is_recent)
        self._artifacts = ServerArtifacts(rest)
        self._began_ns = began_ns
        host = urlsplit(rest.connection.base).hostname or ""
        self._compresses = self._is_recent and not is_loopback(host)
        self._failures: dict[int, int] = {}

    def keep(self, experiment: str, traces: Sequence[TraceInHand]) -> None:
        """See `Keeper`."""
        experiment_id = self._experiments.id_of(experiment)
        try:
            self._keep(experiment_id, traces)
        except RefusedError as error:
            # It may have been deleted, and another one made since its id was asked for.
            self._experiments.forget(experiment)
            if not error.is_missing or self._experiments.id_of(experiment) == experiment_id:
                raise
            self._keep(self._experiments.id_of(experiment), traces)

    def _keep(self, experiment_id: str, traces: Sequence[TraceInHand]) -> None:
        # Older servers take one trace at a time.
        for some in [traces] if self._is_recent else [[each] for each in traces]:
            self._send_spans(experiment_id, [form for each in some for form in each.forms])
        for trace in traces:
            self._send_summary(experiment_id, trace)

    def _send_spans(self, experiment_id: str, forms: Sequence[SpanForm]) -> None:
        body = otlp_request(forms)
        headers = {"Content-Type": "application/x-protobuf", words.EXPERIMENT_HEADER: experiment_id}
        key = hash(body)
        if self._compresses and len(body) >= _WORTH_COMPRESSING:
            headers["Content-Encoding"] = "gzip"
            packer = zlib.compressobj(1, wbits=_GZIP)
            body = packer.compress(body) + packer.flush()
        try:
            self._rest.raw("POST", _OTLP, body, headers)
        except RefusedError as error:
            if any(words_said in str(error) for words_said in _STORE_FAILED):
                self._failures[key] = count = self._failures.get(key, 0) + 1
                error.is_final = count >= _MOST_FAILURES
            raise
        self._failures.pop(key, None)

    def _send_summary(self, experiment_id: str, trace: TraceInHand) -> None:
        sofar = self._remembered.of(trace.trace_id).plus(trace.forms)
        root = next((form for form in trace.forms if form.is_root), None)
        if root is not None or not self._is_recent:
            shown = root or sofar.root or trace.forms[0]
            info = trace_info(
                shown,
                sofar.parts,
                experiment_location(experiment_id),
                service=trace.service,
                adds_sums=not self._is_recent,
            )
            answer = self._rest.send("POST", _TRACES, {"trace": {"trace_info": info}})
            self._put_data_if_wanted(answer, sofar)
        else:
            set_tags(self._rest, trace)
        self._remembered.keep(trace.trace_id, sofar)

    def _put_data_if_wanted(self, answer: JsonObject, sofar: Sofar) -> None:
        info = as_object(as_object(answer.get("trace")).get("trace_info"))
        where = as_object(info.get("tags")).get(words.SPANS_LOCATION)
        if where != words.IN_TRACKING_STORE:
            put_data(self._artifacts, info, sofar, self._began_ns)


def otlp_request(forms: Sequence[SpanForm]) -> bytes:
    """The spans as one request, without a resource: MLflow would make tags of what that says."""
    spans = b"".join(message(2, b"".join(encode_span(form.record).pieces)) for form in forms)
    return message(1, message(2, spans))


def set_tags(rest: MlflowRest, trace: TraceInHand) -> None:
    """Sets what spans say of their trace, where its summary is another's, or comes later."""
    tags: dict[str, str] = {}
    for form in trace.forms:
        tags.update(form.tags)
    route = f"/api/2.0/mlflow/traces/{words.mlflow_trace_id(trace.trace_id)}/tags"
    for key, value in tags.items():
        rest.send("PATCH", route, {"key": key, "value": words.cut(value, words.MOST_OF_TAG)})
