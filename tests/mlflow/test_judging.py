"""Real MLflow clients tag, judge and delete traces on our server, and keep files and runs beside them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader
from tests.mlflow.conftest import MlflowClient

JUDGING = """
import json, mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentError, AssessmentSource, Feedback, Expectation
from mlflow.exceptions import MlflowException
experiment = mlflow.set_experiment("/Shared/judged")
said = {}
@mlflow.trace
def ask(question):
    mlflow.update_current_trace(tags={"first": "1"})
    return "answer"
ids = []
for each in ("a", "b", "c"):
    ask(each)
    ids.append(mlflow.get_last_active_trace_id())
mlflow.flush_trace_async_logging()
trace_id = ids[0]
mlflow.set_trace_tag(trace_id, "k", "v 日本")
mlflow.set_trace_tag(trace_id, "gone", "x")
mlflow.delete_trace_tag(trace_id, "gone")
tags = mlflow.get_trace(trace_id).info.tags
said["tags"] = {key: tag for key, tag in tags.items() if not key.startswith("mlflow.")}
human = AssessmentSource(source_type="HUMAN", source_id="ann@example.com")
good = mlflow.log_feedback(trace_id=trace_id, name="good", value=True, rationale="r", source=human,
    metadata={"m": "1"})
failed = mlflow.log_feedback(trace_id=trace_id, name="failed", error=ValueError("judge broke"),
    source=AssessmentSource(source_type="LLM_JUDGE", source_id="judge"))
answer = mlflow.log_expectation(trace_id=trace_id, name="answer", value={"a": [1, None]}, source=human)
mlflow.log_feedback(trace_id=trace_id, name="score", value=0.5)
span_id = mlflow.get_trace(trace_id).data.spans[0].span_id
mlflow.log_feedback(trace_id=trace_id, name="span", value={"x": 1.5}, span_id=span_id)
said["read"] = [each.to_dictionary() for each in mlflow.get_trace(trace_id).info.assessments]
got = mlflow.get_assessment(trace_id, good.assessment_id)
said["got"] = [got.name, got.value, got.rationale, got.metadata, got.source.source_id, got.valid]
got = mlflow.get_assessment(trace_id, failed.assessment_id)
said["error"] = [got.value, got.error.error_code, got.error.error_message]
mlflow.update_assessment(trace_id, good.assessment_id, Feedback(name="good", value=False, rationale="changed",
    metadata={"n": "2"}))
got = mlflow.get_assessment(trace_id, good.assessment_id)
said["updated"] = [got.value, got.rationale, got.metadata, got.last_update_time_ms >= got.create_time_ms]
override = mlflow.override_feedback(
    trace_id=trace_id, assessment_id=good.assessment_id, value=True, source=human)
said["overridden"] = mlflow.get_assessment(trace_id, good.assessment_id).valid
mlflow.delete_assessment(trace_id, override.assessment_id)
said["valid again"] = mlflow.get_assessment(trace_id, good.assessment_id).valid
mlflow.delete_assessment(trace_id, answer.assessment_id)
said["span_id"] = span_id
errors = []
for call in (
    lambda: mlflow.get_assessment(trace_id, answer.assessment_id),
    lambda: mlflow.get_assessment(trace_id, "a-0"),
    lambda: mlflow.set_trace_tag("tr-" + "0" * 31 + "1", "k", "v"),
    lambda: mlflow.delete_trace_tag(trace_id, "never"),
    lambda: mlflow.log_feedback(trace_id="tr-" + "0" * 31 + "1", name="n", value=1),
    lambda: MlflowClient().get_trace("tr-" + "0" * 31 + "1"),
    lambda: MlflowClient().get_trace("nonsense"),
):
    try:
        call()
        errors.append(None)
    except MlflowException as error:
        errors.append(error.error_code)
said["errors"] = errors
client = MlflowClient()
said["deleted"] = client.delete_traces(experiment.experiment_id, trace_ids=[ids[1], "tr-" + "0" * 31 + "1"])
began = client.get_trace(ids[2]).info.request_time
said["oldest"] = client.delete_traces(experiment.experiment_id, max_timestamp_millis=began, max_traces=1)
said["left"] = [each.info.trace_id == ids[2] for each in client.search_traces([experiment.experiment_id])]
print(json.dumps(said))
"""


def test_tags_and_assessments_are_kept_changed_and_deleted(
    mlflow_client: MlflowClient, server: BackgroundServer, tmp_path: Path
) -> None:
    said = mlflow_client.run(JUDGING, server.url, tmp_path)
    assert said["tags"] == {"first": "1", "k": "v 日本"}
    assert said["got"] == ["good", True, "r", {"m": "1"}, "ann@example.com", True]
    assert said["error"] == [None, "ValueError", "judge broke"]
    read = {each["assessment_name"]: each for each in said["read"]}
    assert list(read) == ["good", "failed", "answer", "score", "span"]
    assert read["answer"]["expectation"]["serialized_value"]["value"] == '{"a": [1, null]}'
    assert read["failed"]["source"] == {"source_type": "LLM_JUDGE", "source_id": "judge"}
    assert read["span"]["span_id"] == said["span_id"]
    assert said["updated"] == [False, "changed", {"m": "1", "n": "2"}, True]
    assert (said["overridden"], said["valid again"]) == (False, True)
    assert said["errors"] == [
        *["RESOURCE_DOES_NOT_EXIST"] * 5,
        said["errors"][5],
        said["errors"][6],
    ]
    assert None not in said["errors"]
    assert (said["deleted"], said["oldest"], said["left"]) == (1, 1, [True])


RUNS = """
import json, mlflow
from mlflow import MlflowClient
experiment = mlflow.set_experiment("/Shared/runs")
said = {}
@mlflow.trace
def ask(question):
    return "answer"
with mlflow.start_run(run_name="first") as run:
    ask("within")
    mlflow.log_param("p", 1)
    mlflow.log_metric("m", 0.5)
    mlflow.set_tag("t", "x")
    within = mlflow.get_last_active_trace_id()
ask("outside")
outside = mlflow.get_last_active_trace_id()
mlflow.flush_trace_async_logging()
client = MlflowClient()
got = client.get_run(run.info.run_id)
said["run"] = [got.info.run_name, got.info.status, got.data.params, got.data.metrics, got.data.tags["t"]]
within_run = f"trace.run_id = '{run.info.run_id}'"
find = lambda: sorted(each.info.trace_id for each in
    client.search_traces([experiment.experiment_id], within_run))
said["of_run"] = find() == [within]
client.link_traces_to_run([outside], run.info.run_id)
said["linked"] = find() == sorted([within, outside])
said["metadata"] = [client.get_trace(each).info.trace_metadata.get("mlflow.sourceRun") == run.info.run_id
    for each in (within, outside)]
said["hidden"] = [key for key in client.get_trace(outside).info.trace_metadata if "linked" in key.lower()]
said["runs"] = [each.info.run_name for each in client.search_runs([experiment.experiment_id])]
client.log_text(run.info.run_id, "hello", "folder/a.txt")
said["files"] = [each.path for each in client.list_artifacts(run.info.run_id, "folder")]
said["text"] = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/folder/a.txt")
print(json.dumps(said))
"""


def test_runs_are_kept_as_far_as_traces_touch_them(
    mlflow_client: MlflowClient, server: BackgroundServer, tmp_path: Path
) -> None:
    said = mlflow_client.run(RUNS, server.url, tmp_path)
    assert said["run"] == ["first", "FINISHED", {"p": "1"}, {"m": 0.5}, "x"]
    assert (said["of_run"], said["linked"]) == (True, True)
    assert said["metadata"] == [True, False]
    assert said["hidden"] == []
    assert said["runs"] == ["first"]
    assert (said["files"], said["text"]) == (["folder/a.txt"], "hello")


ATTACHMENTS = """
import json, mlflow
from mlflow.tracing.attachments import Attachment
from mlflow.tracing.client import TracingClient
mlflow.set_experiment("/Shared/files")
with mlflow.start_span("picture") as span:
    span.set_inputs({"image": Attachment(content_type="image/png", content_bytes=b"\\x89PNG\\x00rest")})
mlflow.flush_trace_async_logging()
trace = mlflow.get_trace(span.trace_id)
reference = trace.data.spans[0].inputs["image"]
client = TracingClient()
repository = client._get_artifact_repo_for_trace(trace.info)
names = [each.path for each in repository.list_artifacts("attachments")]
path = repository.download_artifacts(names[0])
print(json.dumps({"reference": reference, "names": names, "content": open(path, "rb").read().hex(),
    "trace_id": trace.info.trace_id}))
"""


def test_attachments_are_kept_with_their_trace(
    newest_client: MlflowClient, server: BackgroundServer, api: ApiReader, tmp_path: Path
) -> None:
    said = newest_client.run(ATTACHMENTS, server.url, tmp_path)
    (name,) = said["names"]
    assert name.removeprefix("attachments/") in said["reference"]
    assert bytes.fromhex(said["content"]) == b"\x89PNG\x00rest"
    found = api(f"/api/traces?experiment={quote('/Shared/files', safe='')}")["traces"]
    assert [each["trace_id"] for each in found] == [said["trace_id"].removeprefix("tr-")]
