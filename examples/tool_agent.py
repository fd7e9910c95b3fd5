"""An agent that may ask for a tool: the agent, its model calls and the tool become one trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

import outcrop
from outcrop.entities import SpanType

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime.type_defs import (
        ContentBlockTypeDef,
        MessageTypeDef,
        ToolConfigurationTypeDef,
    )

outcrop.bedrock.autolog()
outcrop.set_experiment("/Shared/bedrock-tracing-demo")

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
TOOLS: ToolConfigurationTypeDef = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "Tells today's weather in a city.",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {
                            "city": {
                                "type": "string",
                                "description": "City and state, as in: San Francisco, CA",
                            }
                        },
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}

client = boto3.client("bedrock-runtime", region_name="us-east-1")


@outcrop.trace(span_type=SpanType.TOOL)
def get_weather(city: str) -> str:
    """The tool. A real one would ask a weather service."""
    return f"Sunny, 21 °C, light wind from the sea in {city}."


@outcrop.trace(span_type=SpanType.AGENT)
def weather_agent(question: str) -> str:
    """Asks the model, runs the tools that it wants, and gives them back until it answers in words."""
    messages: list[MessageTypeDef] = [{"role": "user", "content": [{"text": question}]}]
    while True:
        response = client.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS)
        answer = response["output"]["message"]
        # The answer is sent back as it came: the model must see its own words.
        messages.append({"role": answer["role"], "content": answer["content"]})
        if response["stopReason"] != "tool_use":
            return "".join(block.get("text", "") for block in answer["content"])
        # The model may ask for several tools at once; all results go back in one message.
        results: list[ContentBlockTypeDef] = []
        for block in answer["content"]:
            if "toolUse" in block:
                use = block["toolUse"]
                result = get_weather(**use["input"])
                results.append({"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": result}]}})
        messages.append({"role": "user", "content": results})


print(weather_agent("What is the weather like in San Francisco today?"))
