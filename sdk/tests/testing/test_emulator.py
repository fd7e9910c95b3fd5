"""The emulator's own life: scripts, records, threads, ports, clients."""

from __future__ import annotations

import importlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config

from outcrop.testing import BedrockEmulator, RecordedRequest, Reply

_MODEL = "amazon.nova-lite-v1:0"


def _ask(client: Any, text: str = "Hello", model_id: str = _MODEL) -> str:
    messages = [{"role": "user", "content": [{"text": text}]}]
    answer = client.converse(modelId=model_id, messages=messages)
    return str(answer["output"]["message"]["content"][0]["text"])


def test_the_last_reply_of_a_script_is_repeated(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    bedrock_emulator.script(_MODEL, "one", Reply("two"))

    assert [_ask(client) for _ in range(4)] == ["one", "two", "two", "two"]


def test_after_a_script_without_repetition_the_default_answers(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    bedrock_emulator.script(_MODEL, "one", repeat_last=False)

    assert _ask(client) == "one"
    assert "“Hello”" in _ask(client)


def test_each_model_has_its_own_script_and_a_new_one_replaces_it(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    bedrock_emulator.script(_MODEL, "first")
    bedrock_emulator.script("meta.other", "other")
    bedrock_emulator.script(_MODEL, "second")

    assert (_ask(client), _ask(client, model_id="meta.other")) == ("second", "other")


def test_reset_forgets_scripts_and_requests(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    bedrock_emulator.script(_MODEL, "scripted")
    _ask(client)

    bedrock_emulator.reset()

    assert bedrock_emulator.requests == []
    assert _ask(client) != "scripted"


def test_an_empty_script_is_refused(bedrock_emulator: BedrockEmulator) -> None:
    with pytest.raises(ValueError, match="has no reply"):
        bedrock_emulator.script(_MODEL)


def test_a_chunk_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        Reply("x", chunk_size=0)


def test_twenty_threads_get_their_own_answers_at_once(bedrock_emulator: BedrockEmulator) -> None:
    all_here = threading.Barrier(20, timeout=120)

    def echo(request: RecordedRequest) -> str:
        # Passes only if all twenty are being served at the same time.
        all_here.wait()
        return f"echo {request.json['messages'][0]['content'][0]['text']}"

    bedrock_emulator.script(_MODEL, echo)
    client = bedrock_emulator.client(config=Config(max_pool_connections=20))

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(partial(_ask, client), [f"n{number}" for number in range(20)]))

    assert answers == [f"echo n{number}" for number in range(20)]
    assert len(bedrock_emulator.requests) == 20


def test_a_port_in_use_is_said_plainly(bedrock_emulator: BedrockEmulator) -> None:
    port = int(bedrock_emulator.endpoint_url.rpartition(":")[2])

    with pytest.raises(OSError, match=f"Port {port} on 127.0.0.1 is already in use"):
        BedrockEmulator(port).start()


def test_the_address_is_known_only_while_it_listens() -> None:
    emulator = BedrockEmulator()
    with pytest.raises(RuntimeError, match="not started"):
        _ = emulator.endpoint_url

    with emulator:
        assert emulator.endpoint_url.startswith("http://127.0.0.1:")
    with pytest.raises(RuntimeError, match="not started"):
        emulator.client()


def test_starting_and_stopping_twice_does_no_harm() -> None:
    emulator = BedrockEmulator()
    with emulator:
        address = emulator.endpoint_url
        assert emulator.start().endpoint_url == address
    emulator.stop()

    with emulator:
        assert "Hello" in _ask(emulator.client())


def test_stop_ends_its_threads_even_with_kept_and_waiting_connections() -> None:
    before = threading.active_count()
    with BedrockEmulator() as emulator:
        client = emulator.client()
        _ask(client)
        emulator.script(_MODEL, Reply("late", first_chunk_delay_s=600.0))
        messages = [{"role": "user", "content": [{"text": "x"}]}]
        stream = client.converse_stream(modelId=_MODEL, messages=messages)["stream"]
        started = time.monotonic()
    stream.close()

    assert time.monotonic() - started < 60
    assert threading.active_count() == before


def test_a_program_finds_the_emulator_through_the_environment(
    bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock_emulator.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anything")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    # The stubs know only the services whose types are installed.
    client = cast(Any, boto3).client("bedrock-runtime", region_name="eu-west-1")
    try:
        assert "Hello" in _ask(client)
    finally:
        client.close()


def test_a_client_ignores_the_machines_proxy(
    bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert "Hello" in _ask(bedrock_emulator.client())


def test_a_clients_options_replace_the_defaults(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client(
        region_name="ap-northeast-1", config=Config(user_agent_extra="outcrop-test")
    )

    _ask(client)

    assert client.meta.region_name == "ap-northeast-1"
    assert "outcrop-test" in bedrock_emulator.requests[0].headers["user-agent"]


def test_a_client_without_boto3_says_what_to_install(
    bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def without_boto3(name: str, package: str | None = None) -> Any:
        if name == "boto3":
            raise ImportError("No module named 'boto3'")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without_boto3)

    with pytest.raises(ImportError, match="pip install boto3"):
        bedrock_emulator.client()


def test_the_pace_of_unscripted_streams_can_be_changed() -> None:
    emulator = BedrockEmulator()
    assert emulator.default_chunk_delay_s == pytest.approx(0.02)

    emulator.default_chunk_delay_s = 0.0

    assert emulator.default_chunk_delay_s == 0.0
