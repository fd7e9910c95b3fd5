"""Several subjects, one scenario, in this process: prints added microseconds of CPU a call as JSON."""

from __future__ import annotations

import gc
import io
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from added_cpu_per_call import PAIRS, SCENARIOS
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from outcrop.testing.event_stream import encode_event

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
ANSWER = json.dumps(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "It is sunny. " * 10}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 20, "outputTokens": 40, "totalTokens": 60},
        "metrics": {"latencyMs": 400},
    }
).encode()
INVOKE_ANSWER = json.dumps(
    {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "It is sunny. " * 10}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "output_tokens": 40},
    }
).encode()


def _frames() -> list[bytes]:
    deltas = [
        encode_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": f"word {n} "}})
        for n in range(196)
    ]
    return [
        encode_event("messageStart", {"role": "assistant"}),
        *deltas,
        encode_event("contentBlockStop", {"contentBlockIndex": 0}),
        encode_event("messageStop", {"stopReason": "end_turn"}),
        encode_event(
            "metadata",
            {
                "usage": {"inputTokens": 20, "outputTokens": 200, "totalTokens": 220},
                "metrics": {"latencyMs": 9},
            },
        ),
    ]


FRAMES = _frames()


class Raw(HTTPResponse):
    """A urllib3 response whose stream gives one frame at a time, as a socket would."""

    def stream(self, *_: Any, **__: Any) -> Any:
        """The frames."""
        # A copy of each: what comes from a socket is new.
        for frame in FRAMES:
            yield bytes(memoryview(frame))


def _transport(kind: str) -> Callable[..., AWSResponse]:
    def answer(request: Any, **_: Any) -> AWSResponse:
        if kind == "stream":
            raw = Raw(io.BytesIO(b""), preload_content=False)
            streamed: Any = {"content-type": "application/vnd.amazon.eventstream"}
            return AWSResponse(request.url, 200, streamed, raw)
        body = INVOKE_ANSWER if kind == "invoke" else ANSWER
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        headers: Any = {"content-type": "application/json", "content-length": str(len(body))}
        return AWSResponse(request.url, 200, headers, raw)

    return answer


def _history(size: int) -> list[dict[str, Any]]:
    turns = max(1, size // 400)
    messages = [
        {"role": ("user", "assistant")[n % 2], "content": [{"text": f"Turn {n}. " + "x" * 380}]}
        for n in range(turns | 1)
    ]
    return messages if size else [{"role": "user", "content": [{"text": "What is the weather in Oslo?"}]}]


def make_call(client: Any, scenario: str) -> Callable[[], None]:
    """One call of the scenario, its answer read to the end."""
    messages = _history(20_000 if "20 KB" in scenario else 0)
    config = {"maxTokens": 512, "temperature": 0.2, "topP": 0.9}
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 512, "messages": messages})

    def converse() -> None:
        client.converse(modelId=MODEL, messages=messages, inferenceConfig=config)

    def stream() -> None:
        for _ in client.converse_stream(modelId=MODEL, messages=messages, inferenceConfig=config)["stream"]:
            pass

    def invoke() -> None:
        json.loads(client.invoke_model(modelId=MODEL, body=body)["body"].read())

    return {"converse": converse, "stream": stream, "invoke_model": invoke}[scenario.partition(" ")[0]]


def make_client(scenario: str) -> Any:
    """A client whose answers come from this process."""
    untyped: Any = boto3
    client = untyped.client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106  # made up
    )
    kind = "stream" if "stream" in scenario else "invoke" if "invoke" in scenario else "converse"
    client.meta.events.register("before-send.bedrock-runtime", _transport(kind))
    return client


Switch = tuple[Callable[[], None], Callable[[], None], Callable[[], None]]


def switch(subject: str) -> Switch:
    """What turns the subject on, ends its background work, and turns it off."""
    kind, _, encodes = subject.partition("+")
    if kind == "untraced":
        return _nothing, _nothing, _nothing
    if kind == "floor":
        from _floor import switch as switch_floor  # noqa: PLC0415  # its imports belong to its own measurement

        return switch_floor(encodes=bool(encodes))
    if kind == "outcrop":
        return _switch_outcrop(encodes=bool(encodes))
    from _peers import switch as switch_peer  # noqa: PLC0415  # as above

    return switch_peer(kind)


def _nothing() -> None:
    pass


def _switch_outcrop(*, encodes: bool) -> Switch:
    import outcrop  # noqa: PLC0415  # as above
    from outcrop.delivery import batches, http_sender, sender  # noqa: PLC0415  # as above

    http_sender.HttpSender.post = lambda *_: sender.Sent(True)  # type: ignore[method-assign]  # drops
    if not encodes:
        batches.encode_request = _encode_nothing

    def turn_on() -> None:
        outcrop.bedrock.autolog(silent=True)

    def finish() -> None:
        assert outcrop.flush()

    def turn_off() -> None:
        outcrop.bedrock.autolog(disable=True)

    return turn_on, finish, turn_off


def _encode_nothing(spans: Iterable[Any], _resource: Any) -> bytes:
    for _ in spans:
        pass
    return b""


def _block(call: Callable[[], None], count: int, finish: Callable[[], None]) -> tuple[float, float]:
    """CPU microseconds a call, of the whole process and of this thread."""
    started, started_here = time.process_time_ns(), time.thread_time_ns()
    for _ in range(count):
        call()
    here = time.thread_time_ns() - started_here
    finish()
    return (time.process_time_ns() - started) / count / 1000, here / count / 1000


def _measured(call: Callable[[], None], count: int, finish: Callable[[], None]) -> tuple[float, float]:
    """A block after a few calls that fill the caches; the collector begins clean and stays on."""
    for _ in range(5):
        call()
    finish()
    gc.collect()
    return _block(call, count, finish)


def main() -> None:
    """Measures short blocks, untraced and with each subject in turn: the machine's moods meet all."""
    *subjects, scenario = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    # Untraced calls take their turn like the others, with a client as new as theirs: an older one lies
    # elsewhere in memory, which in one process of five made 2.8 % of a stream's time: tracing adds 0.7 %.
    subjects = ["untraced", *subjects]
    switches = {subject: switch(subject) for subject in subjects}
    count = SCENARIOS[scenario]
    rounds: list[dict[str, tuple[float, float]]] = []
    for number in range(PAIRS + 2):
        found: dict[str, tuple[float, float]] = {}
        # Each is the first as often as the others.
        turn = number % len(subjects)
        for subject in subjects[turn:] + subjects[:turn]:
            turn_on, finish, turn_off = switches[subject]
            turn_on()
            # Most tracers see only clients that are made after they have been switched on.
            found[subject] = _measured(make_call(make_client(scenario), scenario), count, finish)
            turn_off()
        rounds.append(found)
    # The first rounds warm up.
    print(json.dumps(_summary(rounds[2:], subjects[1:])))


def _summary(rounds: list[dict[str, tuple[float, float]]], subjects: list[str]) -> dict[str, Any]:
    """Medians: what a call takes untraced, and what each subject adds, in all and on the calling thread."""
    summary: dict[str, Any] = {"untraced": statistics.median(found["untraced"][0] for found in rounds)}
    for subject in subjects:
        added = [
            [traced - plain for traced, plain in zip(found[subject], found["untraced"], strict=True)]
            for found in rounds
        ]
        summary[subject] = [statistics.median(column) for column in zip(*added, strict=True)]
    return summary


if __name__ == "__main__":
    main()
