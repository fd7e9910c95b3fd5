"""A working day of traces for the screenshots: real calls to the emulator, laid out over the last hours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.request import Request, urlopen

from botocore.exceptions import ClientError

import outcrop
from outcrop.entities import SpanType
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord
from outcrop.testing import (
    AccessDenied,
    BedrockEmulator,
    RawBody,
    Reasoning,
    Reply,
    Throttling,
    ToolUse,
    Usage,
)
from outcrop.testing.traces import capture_traces

EXPERIMENT = "/Shared/travel-desk"
SONNET = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
NOVA = "eu.amazon.nova-pro-v1:0"
HAIKU = "anthropic.claude-3-5-haiku-20241022-v1:0"
EMBED, RERANK = "cohere.embed-english-v3", "cohere.rerank-v3-5:0"
_HOUR_NS = 3_600 * 10**9
_HOURS, _ROUNDS = 20, 9
# Of the kinds of traces, in their order; the others fail.
_SUCCEEDING = 4
_DOCUMENTS = (
    "Rail strikes: rebook without a fee until 30 November.",
    "Lost property is kept for ninety days.",
    "Refunds for cancelled night trains take five days.",
)
_TOOL = {
    "toolSpec": {
        "name": "find_trains",
        "description": "Trains between two cities on a day.",
        "inputSchema": {
            "json": {
                "type": "object",
                "properties": {"origin": {"type": "string"}, "destination": {"type": "string"}},
                "required": ["origin", "destination"],
            }
        },
    }
}


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def _body(members: Any) -> RawBody:
    return RawBody(json.dumps(members).encode(), usage=Usage(12, 0), latency_s=0.05)


class _Desk:
    """Programs such as people write, each one a trace."""

    def __init__(self, emulator: BedrockEmulator, client: Any) -> None:
        self._emulator, self._client = emulator, client

    def agent(self) -> None:
        """An agent with a tool, which thinks first."""
        self._emulator.script(
            SONNET,
            Reply(
                Reasoning("The traveller wants a night train. I need the timetable first.", signature="c2ln"),
                "Let me look at the timetable.",
                ToolUse("find_trains", {"origin": "Oslo", "destination": "Bergen"}),
                usage=Usage(412, 96, cache_read=1_024),
                latency_s=0.21,
            ),
            Reply(
                "Two trains run tonight:\n\n| Leaves | Arrives | Sleeper |\n|---|---|---|\n"
                "| 22:47 | 06:51 | yes |\n| 23:25 | 07:20 | no |\n\n"
                "The **22:47** has a bed left. Shall I book it?",
                usage=Usage(604, 118, cache_read=1_024),
                latency_s=0.34,
            ),
        )
        client = self._client

        @outcrop.trace(name="night_train_agent", span_type=SpanType.AGENT)
        def book(question: str) -> str:
            return _book(client, question)

        book("Is there a night train from Oslo to Bergen, with a bed?")

    def story(self) -> None:
        """A stream."""
        words = (
            "**Day one.** Walk along the harbour before the ferries wake. Have coffee by the fish market, "
            "then take the funicular while the light is still low.\n\n**Day two.** Follow the old post road "
            "to the waterfall; bring a coat, since it rains two days in three."
        )
        reply = Reply(words, first_chunk_delay_s=0.2, chunk_delay_s=0.012, chunk_size=9, usage=Usage(58, 87))
        self._emulator.script(SONNET, reply)
        answer = self._client.converse_stream(
            modelId=SONNET,
            messages=[_user("Plan two quiet days in Bergen.")],
            inferenceConfig={"maxTokens": 500, "temperature": 0.7},
        )
        for _ in answer["stream"]:
            pass

    def throttled(self) -> None:
        """A call that is refused until the attempts are used up."""
        self._emulator.script(NOVA, *[Throttling("Too many requests, please wait.") for _ in range(5)])
        with suppress(ClientError):
            self._client.converse(
                modelId=NOVA, messages=[_user("Sum up today's delays for the morning call.")]
            )

    def denied(self) -> None:
        """A model that the account has not been given."""
        self._emulator.script(HAIKU, AccessDenied("You don't have access to the model with this ID."))
        with suppress(ClientError):
            self._client.converse(modelId=HAIKU, messages=[_user("Translate the notice into German.")])

    def japanese(self) -> None:
        """A conversation in Japanese, with what was said before."""
        self._emulator.script(
            NOVA,
            Reply(
                "はい、22時47分発の寝台列車に空きがあります。予約しましょうか。",
                usage=Usage(96, 41),
                latency_s=0.18,
            ),
        )
        self._client.converse(
            modelId=NOVA,
            system=[{"text": "あなたは旅行の案内係です。短く、丁寧に答えてください。"}],
            messages=[
                _user("オスロからベルゲンまで行きたいです。"),
                {
                    "role": "assistant",
                    "content": [{"text": "承知しました。昼と夜、どちらの列車がよろしいですか。"}],
                },
                _user("夜の寝台列車はありますか。"),
            ],
        )

    def retrieval(self) -> None:
        """Vectors, a ranking, and an answer from what was found."""
        self._emulator.script(EMBED, _body({"embeddings": [[round(0.01 * n, 2) for n in range(64)]]}))
        ranked = [{"index": 0, "relevance_score": 0.94}, {"index": 2, "relevance_score": 0.41}]
        self._emulator.script(RERANK, _body({"results": ranked}))
        words = "You may rebook **without a fee** until 30 November."
        self._emulator.script(HAIKU, Reply(words, usage=Usage(220, 24), latency_s=0.15))
        client = self._client

        @outcrop.trace(name="answer_from_documents", span_type=SpanType.CHAIN)
        def look_up(question: str) -> str:
            return _look_up(client, question)

        look_up("Can I rebook because of the strike?")


def _book(client: Any, words: str) -> str:
    outcrop.update_current_trace({"team": "travel"}, session_id="desk-4711", user_id="kari")
    messages = [_user(words)]
    answer: Any = {}
    for _ in range(2):
        answer = client.converse(
            modelId=SONNET,
            system=[{"text": "You book trains. Look at the timetable before you answer."}],
            messages=messages,
            inferenceConfig={"maxTokens": 800, "temperature": 0.2},
            toolConfig={"tools": [_TOOL]},
        )
        message = answer["output"]["message"]
        messages.append(message)
        results = [
            {
                "toolResult": {
                    "toolUseId": block["toolUse"]["toolUseId"],
                    "content": [{"json": find_trains(**block["toolUse"]["input"])}],
                }
            }
            for block in message["content"]
            if "toolUse" in block
        ]
        if not results:
            break
        messages.append({"role": "user", "content": results})
    return str(answer["output"]["message"]["content"][-1].get("text"))


@outcrop.trace(span_type=SpanType.TOOL)
def find_trains(origin: str, destination: str) -> dict[str, Any]:
    """The timetable."""
    time.sleep(0.04)
    return {
        "from": origin,
        "to": destination,
        "trains": [{"leaves": "22:47", "sleeper": True}, {"leaves": "23:25"}],
    }


def _look_up(client: Any, words: str) -> str:
    outcrop.update_current_trace({"team": "help"}, session_id="desk-4712", user_id="ola")
    texts = list(_DOCUMENTS)
    client.invoke_model(modelId=EMBED, body=json.dumps({"texts": [words], "input_type": "search_query"}))
    ranking = {"query": words, "documents": texts, "top_n": 2, "api_version": 2}
    client.invoke_model(modelId=RERANK, body=json.dumps(ranking))
    prompt = f"Answer from this alone:\n\n{texts[0]}\n\n{words}"
    answer = client.converse(modelId=HAIKU, messages=[_user(prompt)])
    return str(answer["output"]["message"]["content"][0]["text"])


def send_a_day(url: str) -> None:
    """Makes each trace once and sends it many times, as if the day had been full of them."""
    outcrop.set_experiment(EXPERIMENT)
    with BedrockEmulator() as emulator, capture_traces() as captured:
        outcrop.bedrock.autolog(silent=True)
        client = emulator.client()
        desk = _Desk(emulator, client)
        made = [
            _made(work, captured.records, captured.clear)
            for work in (desk.story, desk.agent, desk.japanese, desk.retrieval, desk.throttled, desk.denied)
        ]
        client.close()
        outcrop.bedrock.autolog(disable=True)
    now = time.time_ns()
    for spans in _over_the_day(made, now):
        body = encode_request(map(encode_span, spans), {})
        request = Request(  # noqa: S310 - our own server
            f"{url}/v1/traces", body, {"Content-Type": "application/x-protobuf"}
        )
        with urlopen(request, timeout=30):  # noqa: S310 - as above
            pass


def _made(
    work: Callable[[], None], records: Callable[[], list[SpanRecord]], clear: Callable[[], None]
) -> list[SpanRecord]:
    work()
    found = records()
    clear()
    return found


def _over_the_day(made: Sequence[list[SpanRecord]], now_ns: int) -> Iterator[list[SpanRecord]]:
    """Each trace again and again, at times and with lengths that look like a day's; the same in every run."""
    for number in range(_ROUNDS * len(made)):
        # What fails does so twice a day; the newest of each is left as it was made.
        spans = made[number % len(made)]
        is_newest = number < len(made)
        if not is_newest and number % len(made) >= _SUCCEEDING and number // len(made) not in {3, 4}:
            continue
        seed = sha256(str(number).encode()).digest()
        ago = (
            (number + 1) * 40 * 10**9
            if is_newest
            else int(_HOURS * _HOUR_NS * (int.from_bytes(seed[:4], "big") / 2**32))
        )
        slower = 1.0 if is_newest else 0.6 + seed[4] / 120
        begin = min(span.start_ns for span in spans)
        yield [_moved(span, begin, now_ns - ago - 10**9, slower, number) for span in spans]


def _moved(span: SpanRecord, begin: int, new_begin: int, slower: float, number: int) -> SpanRecord:
    def moment(nanoseconds: int) -> int:
        return new_begin + int((nanoseconds - begin) * slower)

    def renamed(identity: bytes) -> bytes:
        return sha256(identity + bytes([number])).digest()[: len(identity)]

    return replace(
        span,
        trace_id=renamed(span.trace_id),
        span_id=renamed(span.span_id),
        parent_id=renamed(span.parent_id),
        start_ns=moment(span.start_ns),
        end_ns=moment(span.end_ns),
        events=[replace(event, time_ns=moment(event.time_ns)) for event in span.events],
    )
