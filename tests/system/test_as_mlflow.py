"""The programs of the model's page, with the import changed and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outcrop.testing import BedrockEmulator, Reply, ToolUse, Usage
from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"

_HEAD = """
import boto3
import outcrop as mlflow

mlflow.bedrock.autolog()
mlflow.set_tracking_uri({url!r})
mlflow.set_experiment("/Shared/bedrock-tracing-demo")

bedrock = boto3.client(service_name="bedrock-runtime", region_name="us-east-1")
"""

BASIC = (
    _HEAD
    + """
response = bedrock.converse(
    modelId="anthropic.claude-3-5-sonnet-20241022-v2:0",
    messages=[{{"role": "user", "content": [{{"text": "What is a 'hello world' program for?"}}]}}],
    inferenceConfig={{"maxTokens": 512, "temperature": 0.1, "topP": 0.9}},
)
"""
)

# What the page's own sample gets wrong: Bedrock takes no plain string there.
WRONG = (
    _HEAD
    + """
model = "anthropic.claude-3-5-sonnet-20241022-v2:0"
bedrock.converse(modelId=model, messages=[{{"role": "user", "content": "Hi"}}])
"""
)

STREAM = (
    _HEAD
    + """
response = bedrock.converse_stream(
    modelId="anthropic.claude-3-5-sonnet-20241022-v2:0",
    messages=[{{"role": "user", "content": [{{"text": "Tell me a story."}}]}}],
)
for chunk in response["stream"]:
    print(chunk)
"""
)

AGENT = (
    "from outcrop.entities import SpanType\n"
    + _HEAD
    + """
tool_config = {{"tools": [{{"toolSpec": {{"name": "get_n_day_weather_forecast", "inputSchema": {{"json": {{
    "type": "object",
    "properties": {{"location": {{"type": "string"}}, "num_days": {{"type": "integer"}}}},
}}}}}}}}]}}


@mlflow.trace(span_type=SpanType.TOOL)
def get_n_day_weather_forecast(location, num_days):
    return f"{{num_days}} dry days in {{location}}."


@mlflow.trace(span_type=SpanType.AGENT)
def run_tool_calling_agent(question):
    messages = [{{"role": "user", "content": [{{"text": question}}]}}]
    model = "anthropic.claude-3-5-sonnet-20241022-v2:0"
    response = bedrock.converse(modelId=model, messages=messages, toolConfig=tool_config)
    answer = response["output"]["message"]
    messages.append(answer)
    use = next(each["toolUse"] for each in answer["content"] if "toolUse" in each)
    result = get_n_day_weather_forecast(**use["input"])
    messages.append({{"role": "user", "content": [
        {{"toolResult": {{"toolUseId": use["toolUseId"], "content": [{{"text": result}}]}}}}
    ]}})
    return bedrock.converse(modelId=model, messages=messages, toolConfig=tool_config)


run_tool_calling_agent("What is the weather in Oslo for the next five days?")
mlflow.autolog(disable=True)
bedrock.converse(modelId="anthropic.claude-3-5-sonnet-20241022-v2:0", messages=[
    {{"role": "user", "content": [{{"text": "Nobody sees this."}}]}}
])
"""
)


@pytest.fixture
def ran(server: BackgroundServer, bedrock_emulator: BedrockEmulator, api: ApiReader, tmp_path: Path) -> Any:
    """Runs a program as a user does; gives the one trace that it leaves, with each span's payload."""

    def run(program: str, *, fails: bool = False) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        env = {
            **os.environ,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock_emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "OUTCROP_SPOOL_DIR": str(tmp_path / "own"),
        }
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program.format(url=server.url)],
            check=False,
            capture_output=True,
            text=True,
            env=env,
        )
        assert (done.returncode != 0) is fails, done.stderr
        (trace,) = api("/api/traces")["traces"]
        spans = api(f"/api/traces/{trace['trace_id']}")["spans"]
        return trace, [api(f"/api/traces/{trace['trace_id']}/spans/{each['span_id']}") for each in spans]

    return run


def test_the_basic_program(ran: Any, bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(MODEL, Reply("It shows that the tools work.", usage=Usage(12, 7)))
    trace, (span,) = ran(BASIC)
    assert (trace["status"], trace["usage"]["input_tokens"]) == ("OK", 12)
    assert span["chat"]["parameters"] == {"maxTokens": 512, "temperature": 0.1, "topP": 0.9}
    assert span["chat"]["output"][0]["parts"][0]["content"] == "It shows that the tools work."


def test_the_call_that_the_page_gets_wrong(ran: Any) -> None:
    trace, _ = ran(WRONG, fails=True)
    assert trace["status"] == "ERROR"
    assert "Parameter validation failed" in trace["error"]["message"]


def test_the_stream(ran: Any, bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(MODEL, Reply("Once upon a time there was a stone."))
    _, (span,) = ran(STREAM)
    assert span["chat"]["output"][0]["parts"][0]["content"] == "Once upon a time there was a stone."
    assert len(span["stream"]["chunks"]) > 3


def test_the_agent_and_its_end(ran: Any, bedrock_emulator: BedrockEmulator) -> None:
    asked = ToolUse("get_n_day_weather_forecast", {"location": "Oslo", "num_days": 5})
    bedrock_emulator.script(MODEL, Reply("Let me see.", asked), Reply("Dry."))
    trace, spans = ran(AGENT)
    assert trace["name"] == "run_tool_calling_agent"
    assert sorted(span["span"]["span_type"] for span in spans) == [
        "AGENT",
        "CHAT_MODEL",
        "CHAT_MODEL",
        "TOOL",
    ]
    (tool,) = (span for span in spans if span["span"]["span_type"] == "TOOL")
    assert tool["outputs"] == "5 dry days in Oslo."
    # The list grew between the two calls: each shows it as it was.
    counts = sorted(
        len(each["chat"]["messages"]) for each in spans if each["span"]["span_type"] == "CHAT_MODEL"
    )
    assert counts == [1, 3]
