"""One subject, one scenario, in this process: prints microseconds of CPU a call as JSON."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from added_cpu_per_call import SCENARIOS
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
        yield from FRAMES


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


def _call(client: Any, scenario: str) -> Callable[[], None]:
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


def _switch_on(subject: str) -> Callable[[], None]:
    """Turns the subject on; gives what ends its background work."""
    kind, _, encodes = subject.partition("+")
    if kind == "outcrop":
        return _switch_on_outcrop(encodes=bool(encodes))
    if kind == "floor":
        from _floor import switch_on  # noqa: PLC0415  # its imports belong to its own measurement

        return switch_on(encodes=bool(encodes))
    return lambda: None


def _switch_on_outcrop(*, encodes: bool) -> Callable[[], None]:
    import outcrop  # noqa: PLC0415  # as above
    from outcrop.delivery import http_sender, pipeline  # noqa: PLC0415  # as above

    http_sender.HttpSender.post = lambda *_: http_sender.Sent(True)  # type: ignore[method-assign]  # drops
    if not encodes:
        pipeline.encode_request = _encode_nothing
    outcrop.bedrock.autolog(silent=True)
    return lambda: None if outcrop.flush() else sys.exit("not flushed")


def _encode_nothing(spans: Iterable[Any], _resource: Any) -> bytes:
    for _ in spans:
        pass
    return b""


def main() -> None:
    """Measures: a warm-up, then the calls, the background's work included."""
    subject, scenario = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    untyped: Any = boto3
    client = untyped.client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106  # made up
    )
    kind = "stream" if "stream" in scenario else "invoke" if "invoke" in scenario else "converse"
    client.meta.events.register("before-send.bedrock-runtime", _transport(kind))
    finish = _switch_on(subject)
    call, count = _call(client, scenario), SCENARIOS[scenario]
    for _ in range(count // 10):
        call()
    finish()
    started, started_here = time.process_time_ns(), time.thread_time_ns()
    for _ in range(count):
        call()
    here = time.thread_time_ns() - started_here
    finish()
    everything = time.process_time_ns() - started
    print(json.dumps({"all": everything / count / 1000, "thread": here / count / 1000}))


if __name__ == "__main__":
    main()
