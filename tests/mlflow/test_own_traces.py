"""Outcrop's own traces through a real MLflow client, and a client's Bedrock spans in our page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import outcrop
from outcrop.testing import BedrockEmulator, Reply, ToolUse
from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader
from tests.mlflow.conftest import MlflowClient

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "How warm it is",
                "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
            }
        }
    ]
}
QUESTION = [{"role": "user", "content": [{"text": "How warm is it in Wien?"}]}]

READING = """
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
experiment = client.get_experiment_by_name("/Shared/own")
(trace,) = client.search_traces([experiment.experiment_id], "span.name = 'agent' AND status = 'OK'")
spans = {span.name: span for span in trace.data.spans}
chat = next(span for span in trace.data.spans if span.span_type in ("LLM", "CHAT_MODEL"))
root = spans["agent"]
print(json.dumps({
    "info": trace.info.to_dict(),
    "usage": trace.info.token_usage,
    "names": [span.name for span in trace.data.spans],
    "root": [root.span_type, root.inputs, root.outputs, root.parent_id],
    "chat": [chat.inputs, chat.outputs, chat.get_attribute("mlflow.chat.tokenUsage"),
        chat.get_attribute("mlflow.chat.tools"), chat.get_attribute("mlflow.llm.model"),
        chat.get_attribute("gen_ai.request.model"), chat.parent_id == root.span_id],
    "same": mlflow.get_trace(trace.info.trace_id).to_dict() == trace.to_dict(),
}))
"""


def test_our_own_spans_have_inputs_outputs_types_and_tokens_in_their_words(
    mlflow_client: MlflowClient, tracing: str, tmp_path: Path
) -> None:
    outcrop.set_experiment("/Shared/own")
    with BedrockEmulator() as emulator:
        emulator.script(MODEL, Reply(ToolUse("get_weather", {"city": "Wien"})))

        @outcrop.trace(name="agent", span_type="AGENT")
        def agent(question: str) -> str:
            outcrop.update_current_trace(tags={"env": "prod"}, session_id="s-1", user_id="ann")
            emulator.client().converse(modelId=MODEL, messages=QUESTION, toolConfig=TOOLS)
            return f"asked: {question}"

        agent("warm?")
        outcrop.flush()
    said = mlflow_client.run(READING, tracing, tmp_path)
    assert said["same"]
    assert said["root"] == ["AGENT", {"question": "warm?"}, "asked: warm?", None]
    inputs, outputs, usage, tools, model, convention, is_below = said["chat"]
    assert (inputs["modelId"], inputs["messages"]) == (MODEL, QUESTION)
    assert outputs["output"]["message"]["content"][0]["toolUse"]["input"] == {"city": "Wien"}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
    assert said["usage"] == {name: usage[name] for name in said["usage"]}
    assert [tool["function"]["name"] for tool in tools] == ["get_weather"]
    assert (model, convention, is_below) == (MODEL, MODEL, True)
    info: dict[str, Any] = said["info"]
    assert info["state"] == "OK"
    assert info["tags"]["mlflow.traceName"] == "agent"
    assert info["tags"]["env"] == "prod"
    assert info["trace_metadata"]["mlflow.trace.session"] == "s-1"
    assert info["trace_metadata"]["mlflow.trace.user"] == "ann"
    assert "warm?" in info["request_preview"]


BEDROCK = """
import json, boto3, mlflow, sys
mlflow.set_experiment("/Shared/bedrock")
mlflow.bedrock.autolog()
client = boto3.client("bedrock-runtime", endpoint_url=%r)
client.converse(modelId=%r, messages=%r, toolConfig=%r)
stream = client.converse_stream(modelId=%r, messages=%r)
list(stream["stream"])
mlflow.flush_trace_async_logging()
print(json.dumps(mlflow.get_last_active_trace_id()))
"""


def test_bedrock_calls_of_a_client_are_conversations_in_our_page(
    newest_client: MlflowClient, server: BackgroundServer, api: ApiReader, tmp_path: Path
) -> None:
    with BedrockEmulator() as emulator:
        emulator.script(MODEL, Reply(ToolUse("get_weather", {"city": "Wien"})), Reply("It is 21 degrees."))
        program = BEDROCK % (emulator.endpoint_url, MODEL, QUESTION, TOOLS, MODEL, QUESTION)
        newest_client.run(program, server.url, tmp_path)
    rows = api("/api/traces?experiment=%2FShared%2Fbedrock")["traces"]
    assert [row["span_count"] for row in rows] == [1, 1]
    spans: list[dict[str, Any]] = []
    for row in reversed(rows):
        (span,) = api(f"/api/traces/{row['trace_id']}")["spans"]
        spans.append(api(f"/api/traces/{row['trace_id']}/spans/{span['span_id']}"))
    called, streamed = spans
    assert called["chat"]["messages"][0]["parts"][0]["content"] == "How warm is it in Wien?"
    assert called["chat"]["output"][0]["parts"][0]["arguments"] == {"city": "Wien"}
    assert [tool["name"] for tool in called["chat"]["tools"]] == ["get_weather"]
    assert all(row["usage"]["output_tokens"] > 0 for row in rows)
    assert streamed["chat"]["output"][0]["parts"][0]["content"] == "It is 21 degrees."
    assert [row["models"] for row in rows] == [[MODEL], [MODEL]]
    assert [row["request_preview"] for row in rows] == ["How warm is it in Wien?"] * 2
