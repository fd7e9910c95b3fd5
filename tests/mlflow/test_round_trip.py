"""What real MLflow clients trace is read back as they made it, by themselves and in our page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader
from tests.mlflow.conftest import MlflowClient

# What a client made is taken where it hands it over to be sent.
PROGRAM = """
import json, mlflow
from mlflow.entities import SpanType, Document
from mlflow.tracing.export.mlflow_v3 import MlflowV3SpanExporter
made = {}
handed = MlflowV3SpanExporter._log_trace
def record(self, trace, *rest, **more):
    found = handed(self, trace, *rest, **more)
    made[trace.info.trace_id] = trace.to_dict()
    return found
MlflowV3SpanExporter._log_trace = record
experiment = mlflow.set_experiment("/Shared/round")

@mlflow.trace(span_type=SpanType.TOOL, attributes={"unit": "C", "n": 3, "f": 0.5, "yes": True, "none": None})
def weather(city):
    return {"city": city, "degrees": [21, 21.5, None, True], "empty": {}, "none": []}

@mlflow.trace(span_type=SpanType.CHAT_MODEL)
def model(messages):
    span = mlflow.get_current_active_span()
    span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12})
    span.set_attribute("mlflow.llm.model", "some-model")
    return {"choices": [{"message": {"role": "assistant", "content": "It is 21 degrees 日本."},
            "finish_reason": "stop"}]}

@mlflow.trace(name="agent", span_type=SpanType.AGENT)
def agent(question):
    mlflow.update_current_trace(
        tags={"env": "prod", "quote": "it's"},
        metadata={"mlflow.trace.session": "s-1", "mlflow.trace.user": "ann", "custom": "x"},
        client_request_id="req-1",
    )
    weather("Wien")
    return model([{"role": "user", "content": question}])

@mlflow.trace
def fails():
    raise ValueError("no such city")

agent("How warm is it?")
try:
    fails()
except ValueError:
    pass
with mlflow.start_span("stated") as span:
    span.add_event(mlflow.entities.SpanEvent("seen", attributes={"a": "b"}))
    mlflow.update_current_trace(state="ERROR")
mlflow.flush_trace_async_logging()
read = {trace_id: mlflow.get_trace(trace_id) for trace_id in made}
again = mlflow.search_traces(experiment_ids=[experiment.experiment_id], return_type="list")
print(json.dumps({
    "made": made,
    "read": {trace_id: trace.to_dict() for trace_id, trace in read.items()},
    "found": {trace.info.trace_id: trace.to_dict() for trace in again},
    "experiment_id": experiment.experiment_id,
}))
"""


def _of_server(trace: dict[str, Any]) -> dict[str, Any]:
    """The same without what a server adds."""
    tags: dict[str, str] = trace["info"]["tags"]
    added = {"mlflow.trace.spansLocation", "mlflow.artifactLocation"}
    return {
        **trace,
        "info": {**trace["info"], "tags": {key: tag for key, tag in tags.items() if key not in added}},
    }


def test_every_field_of_a_trace_is_read_back_as_the_client_made_it(
    mlflow_client: MlflowClient, server: BackgroundServer, api: ApiReader, tmp_path: Path
) -> None:
    said = mlflow_client.run(PROGRAM, server.url, tmp_path)
    assert len(said["made"]) == 3
    for trace_id, made in said["made"].items():
        assert _of_server(said["read"][trace_id]) == _of_server(made)
        assert _of_server(said["found"][trace_id]) == _of_server(made)
    traces = {each["name"]: each for each in api("/api/traces?experiment=%2FShared%2Fround")["traces"]}
    assert {name: each["status"] for name, each in traces.items()} == {
        "agent": "OK",
        "fails": "ERROR",
        "stated": "ERROR",
    }
    agent = traces["agent"]
    assert agent["span_count"] == 3
    assert (agent["session_id"], agent["user_id"]) == ("s-1", "ann")
    assert agent["tags"] == {"env": "prod", "quote": "it's"}
    assert agent["models"] == ["some-model"]


TOO_LARGE = """
import json, mlflow
mlflow.set_experiment("/Shared/large")
with mlflow.start_span("root") as span:
    with mlflow.start_span("inner") as inner:
        inner.set_attribute("number", 2**70)
mlflow.flush_trace_async_logging()
trace = mlflow.get_trace(span.trace_id)
print(json.dumps({each.name: str(each.get_attribute("number")) for each in trace.data.spans}))
"""


def test_spans_that_a_client_cannot_say_in_otlp_come_all_the_same(
    mlflow_client: MlflowClient, server: BackgroundServer, tmp_path: Path
) -> None:
    said = mlflow_client.run(TOO_LARGE, server.url, tmp_path)
    assert said == {"root": "None", "inner": str(2**70)}
