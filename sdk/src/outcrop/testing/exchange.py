"""One call on its way through an operation: what came, and what the script says about it.

Made by the dispatcher; operations ask it for a concrete answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from outcrop.testing.answer import Answer, make_answer
from outcrop.testing.ask import Ask
from outcrop.testing.async_jobs import AsyncJobs
from outcrop.testing.default_reply import default_reply
from outcrop.testing.errors import Disconnect, StreamFailure
from outcrop.testing.http_shapes import LostConnection, PlainResponse, Response, error_response
from outcrop.testing.json_values import JsonObject, as_object, to_json
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import AsyncOutcome, GuardrailVerdict, JsonReply, RawBody, Reply

Scripted = Reply | RawBody | JsonReply | GuardrailVerdict | AsyncOutcome | StreamFailure | Disconnect | None


@dataclass(frozen=True)
class Exchange:
    """A call that is to be answered.

    Attributes:
        request: what came.
        scripted: the script's reply, or None where the default one answers. A bare failure means the
            default reply, broken in that way.
        started_ns: when the request arrived, on the monotonic clock.
        default_chunk_delay_s: seconds between the events of a default reply's stream.
        jobs: what StartAsyncInvoke has started.
    """

    request: RecordedRequest
    scripted: Scripted
    started_ns: int
    default_chunk_delay_s: float
    jobs: AsyncJobs

    @property
    def body(self) -> JsonObject:
        """The request's body as a JSON object."""
        return as_object(self.request.json)

    @property
    def model_id(self) -> str:
        """The model id from the path."""
        return self.request.model_id or ""

    def answer(self, ask: Ask) -> Answer:
        """The answer to what the request asks."""
        return make_answer(self._reply(ask), ask, self.model_id, self.started_ns)

    def json_answer(self, default: JsonObject) -> Response:
        """The answer of an operation that asks no model: its default members under those of the script."""
        scripted = self.scripted
        if isinstance(scripted, Disconnect):
            return LostConnection()
        if isinstance(scripted, StreamFailure):
            return error_response(scripted.as_service_error())
        if isinstance(scripted, RawBody):
            return json_response(scripted.body, scripted.latency_s)
        if isinstance(scripted, JsonReply):
            return json_response(to_json({**default, **scripted.members}), scripted.latency_s)
        if scripted is not None:
            raise self.misfit("a JsonReply")
        return json_response(to_json(default))

    def without_script(self) -> Exchange:
        """The same call, now that what the script says of it has been done."""
        return replace(self, scripted=None)

    def misfit(self, wanted: str) -> TypeError:
        """The fault of a script whose reply this operation cannot give."""
        return TypeError(f"{self.request.operation} takes {wanted}, not a {type(self.scripted).__name__}.")

    def _reply(self, ask: Ask) -> Reply:
        if isinstance(self.scripted, Reply):
            return self.scripted
        if self.scripted is not None and not isinstance(self.scripted, StreamFailure | Disconnect):
            raise self.misfit("a Reply")
        reply = default_reply(ask, self.model_id, self.default_chunk_delay_s)
        if self.scripted is None:
            return reply
        return Reply(
            *reply.blocks,
            chunk_delay_s=reply.chunk_delay_s,
            chunk_size=reply.chunk_size,
            failure=self.scripted,
        )


def json_response(body: bytes, latency_s: float = 0.0) -> Response:
    """A whole answer of JSON."""
    return PlainResponse(200, body, {"Content-Type": "application/json"}, latency_s)


def broken_plain_response(answer: Answer) -> Response | None:
    """How a call without a stream fails when its reply is to break; None if it is not."""
    failure = answer.reply.failure
    if isinstance(failure, StreamFailure):
        return replace(error_response(failure.as_service_error()), delay_s=answer.reply.latency_s)
    return LostConnection(answer.reply.latency_s) if isinstance(failure, Disconnect) else None
