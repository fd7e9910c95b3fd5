"""Grouping, judging, searching and deleting: the same against a server and in memory."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import outcrop
from outcrop.entities import AssessmentSource, Expectation, Feedback, SpanType, Trace
from outcrop.testing import BedrockEmulator, Reply, ToolUse, Usage
from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"


@pytest.fixture
def client(bedrock_emulator: BedrockEmulator) -> Iterator[Any]:
    made = bedrock_emulator.client()
    yield made
    made.close()


def run(name: str = "agent", **grouping: Any) -> str:
    """A trace of two spans; gives its id."""
    with outcrop.start_span(name, span_type=SpanType.AGENT) as span:
        with outcrop.start_span("step"):
            outcrop.update_current_trace(**grouping)
        span.set_inputs({"question": f"what of {name}?"})
    return span.trace_id


def read(trace_id: str) -> Trace:
    trace = outcrop.get_trace(trace_id)
    assert trace is not None
    return trace


@pytest.mark.usefixtures("destination")
def test_what_a_nested_span_says_of_the_trace_is_said_of_all_of_it() -> None:
    trace = read(run(tags={"team": "blue", "n": 3}, metadata={"git": "abc"}, session_id="s", user_id="u"))
    info = trace.info
    assert info.tags == {"team": "blue", "n": "3"}
    assert info.trace_metadata == {"outcrop.experiment.name": "/Shared/judged", "git": "abc"}
    assert (info.session_id, info.user_id) == ("s", "u")
    root, step = trace.data.spans
    assert root.attributes["outcrop.tag.team"] == "blue"
    assert not any(key.startswith("outcrop.tag.") for key in step.attributes)


@pytest.mark.usefixtures("destination")
def test_what_is_said_after_the_root_has_ended_counts_too() -> None:
    root = outcrop.start_span("root")
    span = root.__enter__()
    outcrop.update_current_trace(tags={"state": "running"}, session_id="first")
    child = outcrop.start_span("straggler")
    child.__enter__()
    span.end()
    outcrop.update_current_trace(tags={"state": "late"}, session_id="second")
    child.__exit__(None, None, None)
    root.__exit__(None, None, None)
    info = read(span.trace_id).info
    assert (info.tags, info.session_id) == ({"state": "late"}, "second")


@pytest.mark.usefixtures("destination")
def test_every_trace_begun_within_a_context_belongs_to_it(client: Any) -> None:
    with outcrop.context(session_id="s-1", tags={"team": "blue", "env": "test"}):
        with outcrop.context(user_id="u-1", tags={"env": "inner"}, metadata={"git": "abc"}):
            inner = run("inner", tags={"own": "yes"})
            client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])
            call = outcrop.get_last_active_trace_id()
        outer = run("outer")
    outside = run("outside")
    assert call is not None
    for trace_id, own in ((inner, {"own": "yes"}), (call, {})):
        info = read(trace_id).info
        assert info.tags == {"team": "blue", "env": "inner", **own}
        assert (info.session_id, info.user_id, info.trace_metadata["git"]) == ("s-1", "u-1", "abc")
    assert read(outer).info.tags == {"team": "blue", "env": "test"}
    assert (read(outer).info.user_id, read(outside).info.session_id, read(outside).info.tags) == (
        None,
        None,
        {},
    )


@pytest.mark.usefixtures("destination")
def test_a_context_reaches_tasks_and_threads_and_keeps_them_apart() -> None:
    async def turn(session: str) -> str:
        with outcrop.context(session_id=session):
            await asyncio.sleep(0)
            return await asyncio.create_task(work())

    async def work() -> str:
        return run()

    async def both() -> list[str]:
        return list(await asyncio.gather(turn("a"), turn("b")))

    # In a thread of its own: the browser's tests leave a loop that runs in this one.
    with ThreadPoolExecutor(1) as pool:
        first, second = pool.submit(lambda: asyncio.run(both())).result()
    assert [read(each).info.session_id for each in (first, second)] == ["a", "b"]

    kept: list[str] = []
    with outcrop.context(session_id="threaded"):
        copy = contextvars.copy_context()
    thread = threading.Thread(target=copy.run, args=(lambda: kept.append(run()),))
    thread.start()
    thread.join()
    assert read(kept[0]).info.session_id == "threaded"


@pytest.mark.usefixtures("destination")
def test_feedback_and_expectations_come_back_with_their_trace() -> None:
    trace_id = run()
    span_id = read(trace_id).data.spans[1].span_id
    judge = AssessmentSource("llm_judge", "claude")
    feedback = outcrop.log_feedback(
        trace_id=f"tr-{trace_id}",
        name="correctness",
        value=0.8,
        source=judge,
        rationale="Nearly.",
        metadata={"round": 2},
        span_id=span_id.upper(),
    )
    expectation = outcrop.log_expectation(trace_id=trace_id, name="answer", value={"n": (4, 2)})
    assert isinstance(feedback, Feedback)
    assert isinstance(expectation, Expectation)
    assert read(trace_id).info.assessments == [feedback, expectation]
    assert (feedback.name, feedback.value, feedback.rationale) == ("correctness", 0.8, "Nearly.")
    assert (feedback.source, feedback.metadata) == (AssessmentSource("LLM_JUDGE", "claude"), {"round": "2"})
    assert (feedback.span_id, feedback.trace_id) == (span_id, trace_id)
    assert (expectation.value, expectation.source) == ({"n": [4, 2]}, AssessmentSource("HUMAN"))
    assert feedback.create_time_ms == feedback.last_update_time_ms
    plain = outcrop.log_feedback(trace_id=trace_id)
    assert (plain.name, plain.value, plain.source) == ("feedback", None, AssessmentSource("CODE"))


@pytest.mark.usefixtures("destination")
def test_a_judgement_can_be_changed_and_deleted() -> None:
    trace_id = run()
    kept = outcrop.log_feedback(
        trace_id=trace_id, name="good", value=True, source=AssessmentSource("HUMAN", "ann")
    )
    other = outcrop.log_feedback(trace_id=trace_id, name="other")
    assert kept.assessment_id is not None
    changed = outcrop.update_assessment(
        trace_id, kept.assessment_id, Feedback("good", value=False, rationale="On second thought.")
    )
    assert read(trace_id).info.assessments == [changed, other]
    assert (changed.value, changed.rationale, changed.source) == (False, "On second thought.", kept.source)
    assert (changed.assessment_id, changed.create_time_ms) == (kept.assessment_id, kept.create_time_ms)
    outcrop.delete_assessment(trace_id, kept.assessment_id)
    assert read(trace_id).info.assessments == [other]
    with pytest.raises(outcrop.OutcropError, match="no assessment"):
        outcrop.delete_assessment(trace_id, kept.assessment_id)
    with pytest.raises(outcrop.OutcropError, match="no assessment"):
        outcrop.update_assessment(trace_id, kept.assessment_id, Feedback("good"))


@pytest.mark.usefixtures("destination")
def test_tags_are_set_and_deleted_after_the_fact() -> None:
    trace_id = run(tags={"team": "blue", "env": "test"})
    outcrop.set_trace_tag(f"tr-{trace_id}", "team", "red")
    outcrop.set_trace_tag(trace_id, "a key/with `odd` 'signs' 日本", 5)
    outcrop.delete_trace_tag(trace_id, "env")
    outcrop.delete_trace_tag(trace_id, "was never there")
    assert read(trace_id).info.tags == {"team": "red", "a key/with `odd` 'signs' 日本": "5"}


@pytest.mark.usefixtures("destination")
def test_a_trace_that_runs_can_be_tagged_by_its_id() -> None:
    with outcrop.start_span("root") as root, outcrop.start_span("inner"):
        outcrop.set_trace_tag(root.trace_id, "stage", "one")
    assert read(root.trace_id).info.tags == {"stage": "one"}


@pytest.mark.usefixtures("destination")
def test_what_is_not_there_is_said() -> None:
    nothing = "0" * 31 + "1"
    for act in (
        lambda: outcrop.log_feedback(trace_id=nothing, name="x"),
        lambda: outcrop.set_trace_tag(nothing, "a", "b"),
        lambda: outcrop.delete_trace_tag(nothing, "a"),
    ):
        with pytest.raises(outcrop.OutcropError, match=f"no trace {nothing}"):
            act()


@pytest.fixture
def searched(destination: str, bedrock_emulator: BedrockEmulator, client: Any) -> dict[str, str]:
    """Traces of several kinds: ids by name."""
    assert destination
    bedrock_emulator.script(
        MODEL, Reply("Let me look.", ToolUse("search", {"q": 1}), usage=Usage(100, 20)), Reply("Done.")
    )
    made = {"plain": run("plain", tags={"team": "blue"}, session_id="s-1")}
    with pytest.raises(KeyError), outcrop.start_span("failed") as failed:
        raise KeyError("city")
    made["failed"] = failed.trace_id
    with outcrop.start_span("model user", span_type=SpanType.CHAIN) as chain:
        outcrop.update_current_trace(metadata={"git": "abc"}, user_id="u-1", tags={"team": "red"})
        client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "100% sure?"}]}])
        with outcrop.start_span("get_weather", span_type=SpanType.TOOL):
            pass
    made["chain"] = chain.trace_id
    outcrop.log_feedback(trace_id=made["plain"], name="good", value=True)
    outcrop.log_feedback(trace_id=made["chain"], name="score", value=0.5)
    outcrop.set_experiment("/Shared/other")
    made["other"] = run("other")
    outcrop.set_experiment("/Shared/judged")
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ["chain", "failed", "plain"]),
        ("status = 'ERROR'", ["failed"]),
        ("status = 'OK' AND tags.team = 'blue'", ["plain"]),
        ("attributes.model LIKE '%claude%'", ["chain"]),
        ("attributes.model != 'x'", ["chain", "failed", "plain"]),
        ("tool IN ('get_weather', 'y')", ["chain"]),
        ("tool = 'search'", ["chain"]),
        ("name ILIKE 'P%'", ["plain"]),
        ("tags.team NOT IN ('blue')", ["chain", "failed"]),
        ("metadata.git = 'abc' AND user_id = 'u-1'", ["chain"]),
        ("session_id IS NOT NULL", ["plain"]),
        ("error_type = 'KeyError'", ["failed"]),
        ("error_message LIKE '%city%'", ["failed"]),
        ("prompt = 'what of plain?'", ["plain"]),
        # One span is both, unless each is asked for by itself.
        ("span.name = 'step' AND span.type = 'AGENT'", []),
        ("ANY(span.name = 'step') AND ANY(span.type = 'AGENT')", ["plain"]),
        ("span.status = 'ERROR'", ["failed"]),
        ("input_tokens = 100 AND total_tokens >= 120", ["chain"]),
        ("span.output_tokens > 19", ["chain"]),
        ("cost > 0", ["chain"]),
        ("span_count = 1", ["failed"]),
        ("feedback.good = true", ["plain"]),
        ("feedback.score >= 0.5", ["chain"]),
        ("feedback.score > 0.5", []),
        ("execution_time >= 0 AND timestamp > 1600000000000", ["chain", "failed", "plain"]),
    ],
)
def test_a_search_finds_the_same_in_memory_and_on_a_server(
    searched: dict[str, str], text: str | None, expected: list[str]
) -> None:
    found = outcrop.search_traces(filter_string=text)
    assert [trace.info.trace_id for trace in found] == [searched[name] for name in expected]
    for trace in found:
        assert trace == read(trace.info.trace_id)


def test_experiments_order_and_limits_of_a_search(searched: dict[str, str]) -> None:
    def names(**arguments: Any) -> list[str]:
        by_id = {trace_id: name for name, trace_id in searched.items()}
        return [by_id[trace.info.trace_id] for trace in outcrop.search_traces(**arguments)]

    assert names(experiment_ids=["/Shared/other"]) == ["other"]
    assert names(experiment_ids=[]) == ["other", "chain", "failed", "plain"]
    assert names(experiment_ids=["nobody used this"]) == []
    assert names(order_by=["timestamp ASC"], max_results=2) == ["plain", "failed"]
    assert names(order_by=["span_count DESC", "timestamp"]) == ["chain", "plain", "failed"]
    assert names(order_by=["status"], max_results=1) == ["failed"]


@pytest.mark.usefixtures("destination")
def test_a_search_reads_as_many_pages_as_there_are() -> None:
    made = [run(f"number {number}") for number in range(120)]
    assert [trace.info.trace_id for trace in outcrop.search_traces(order_by=["timestamp"])] == made
    assert len(outcrop.search_traces(max_results=110)) == 110


@pytest.mark.usefixtures("destination")
def test_a_wrong_search_says_where() -> None:
    with pytest.raises(outcrop.ConfigurationError, match=r"no field 'colour'.*\(column 22\)"):
        outcrop.search_traces(filter_string="status = 'ERROR' AND colour = 'red'")
    with pytest.raises(outcrop.ConfigurationError, match="cannot be ordered by 'colour'"):
        outcrop.search_traces(order_by=["colour"])
    with pytest.raises(outcrop.ConfigurationError, match="'list' or 'pandas'"):
        outcrop.search_traces(return_type="polars")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]  # the point
    with pytest.raises(outcrop.ConfigurationError, match="1 or more"):
        outcrop.search_traces(max_results=0)


def test_traces_are_deleted_by_id_and_by_age(searched: dict[str, str]) -> None:
    assert outcrop.delete_traces(trace_ids=[f"tr-{searched['failed']}", "0" * 31 + "1"]) == 1
    assert outcrop.get_trace(searched["failed"]) is None
    newest = read(searched["chain"]).info.request_time
    assert outcrop.delete_traces("/Shared/judged", max_traces=1, max_timestamp_millis=newest) == 1
    assert [trace.info.trace_id for trace in outcrop.search_traces()] == [searched["chain"]]
    assert outcrop.delete_traces("/Shared/judged", newest - 3_600_000) == 0
    assert outcrop.delete_traces("/Shared/judged", newest) == 1
    assert outcrop.search_traces() == []
    assert len(outcrop.search_traces(experiment_ids=["/Shared/other"])) == 1


def test_a_server_is_asked_by_experiment_id_as_well(tracing: str, api: ApiReader) -> None:
    assert tracing
    outcrop.set_experiment("/Shared/by id")
    trace_id = run()
    outcrop.flush()
    (experiment,) = api("/api/experiments")["experiments"]
    (found,) = outcrop.search_traces([experiment["experiment_id"]])
    assert found.info.trace_id == trace_id
    assert found.page_url == f"{tracing}/traces/{trace_id}"
    assert outcrop.delete_traces(experiment["experiment_id"], max_traces=5) == 1


def test_an_endpoint_that_is_no_outcrop_server_is_said(server: BackgroundServer) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"{server.url}/elsewhere")
    with pytest.raises(outcrop.OutcropError, match=r"HTTP 40[45]|nothing at"):
        outcrop.search_traces()
    outcrop.set_tracking_uri("http://127.0.0.1:9")
    with pytest.raises(outcrop.OutcropError, match=r"cannot be .* http://127\.0\.0\.1:9"):
        outcrop.log_feedback(trace_id="0" * 32, name="x")
    outcrop.set_tracking_uri(before)
