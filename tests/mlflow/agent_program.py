"""What the tests send: an agent with a tool, a stream, a call of invoke_model, and one that fails."""

from __future__ import annotations

import json
from typing import Any

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reply, Throttling, ToolUse, Usage

CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
NOVA = "amazon.nova-lite-v1:0"
TITAN = "anthropic.claude-3-haiku-20240307-v1:0"
BUSY = "meta.llama3-8b-instruct-v1:0"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "The weather of a city.",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}


def script(emulator: BedrockEmulator) -> None:
    """Says what the models answer."""
    emulator.script(
        CLAUDE,
        Reply(ToolUse("get_weather", {"city": "Oslo"}), usage=Usage(20, 11)),
        Reply("It is 7 °C in Oslo.", usage=Usage(41, 12)),
    )
    emulator.script(NOVA, Reply("Wear a coat. “Yes”, 傘も。", usage=Usage(9, 7)))
    emulator.script(TITAN, Reply("It is so.", usage=Usage(5, 4)))
    emulator.script(BUSY, Throttling("Too many requests."))


@outcrop.trace(span_type=SpanType.TOOL)
def get_weather(city: str) -> dict[str, Any]:
    """The agent's tool."""
    return {"city": city, "celsius": 7}


@outcrop.trace(span_type=SpanType.AGENT)
def agent(client: Any, question: str) -> str:
    """Asks, runs the tool, asks again, and streams a second model's advice."""
    outcrop.update_current_trace(
        tags={"team": "blue", "release": "1.4"},
        metadata={"ticket": "T-7"},
        session_id="session-1",
        user_id="user-1",
    )
    messages: list[Any] = [{"role": "user", "content": [{"text": question}]}]
    options = {"modelId": CLAUDE, "toolConfig": TOOLS, "inferenceConfig": {"maxTokens": 99}}
    answer = client.converse(messages=messages, **options)["output"]["message"]
    messages.append(answer)
    (use,) = [block["toolUse"] for block in answer["content"] if "toolUse" in block]
    found = {"toolUseId": use["toolUseId"], "content": [{"json": get_weather(**use["input"])}]}
    messages.append({"role": "user", "content": [{"toolResult": found}]})
    said = client.converse(messages=messages, **options)["output"]["message"]["content"][0]["text"]
    asked = [{"role": "user", "content": [{"text": f"{said} What to wear?"}]}]
    for _ in client.converse_stream(modelId=NOVA, messages=asked)["stream"]:
        pass
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Is it so?"}],
    }
    client.invoke_model(modelId=TITAN, body=json.dumps(body))["body"].read()
    return str(said)


@outcrop.trace
def failing(client: Any) -> None:
    """A call that is refused as often as it is tried."""
    client.converse(modelId=BUSY, messages=[{"role": "user", "content": [{"text": "Are you there?"}]}])
