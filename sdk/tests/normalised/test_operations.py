"""Agents, flows, retrieval, ranking, AgentCore's tools: real boto3 and a server of their shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from outcrop.otlp.records import KIND_CLIENT
from outcrop.testing.shape_server import ShapeReply, ShapeServer
from outcrop.testing.traces import CapturedTraces
from sdk.tests.conformance import generated
from sdk.tests.conformance.boto_caller import open_boto_caller
from sdk.tests.conformance.laboratory import Laboratory, open_laboratory
from sdk.tests.conformance.operations_under_test import OPERATIONS, OperationCase
from sdk.tests.normalised.conftest import Newest, sent
from sdk.tests.normalised.schema import check_documents, check_messages

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.fixture(scope="module")
def server() -> Iterator[ShapeServer]:
    with ShapeServer() as opened:
        yield opened


def _answer(server: ShapeServer, client: Any, operation: str, members: dict[str, Any]) -> None:
    server.put(client.meta.service_model.operation_model(operation), ShapeReply(members))


def test_an_agent_speaks_in_messages_and_its_session_is_the_conversation(
    server: ShapeServer, traces: CapturedTraces, newest: Newest
) -> None:
    client = server.client("bedrock-agent-runtime")
    chunks = [{"chunk": {"bytes": b"It is "}}, {"chunk": {"bytes": b"cold."}}]
    _answer(
        server, client, "InvokeAgent", {"sessionId": "s1", "contentType": "text/plain", "completion": chunks}
    )
    answer = client.invoke_agent(agentId="AG", agentAliasId="AL", sessionId="s1", inputText="Is it warm?")
    assert list(answer["completion"]) == chunks
    span = newest()
    # An agent's identifier is no name, and the alias is no version.
    assert (span.name, span.kind) == ("invoke_agent", KIND_CLIENT)
    assert span.attributes["gen_ai.agent.id"] == "AG"
    assert span.attributes["gen_ai.conversation.id"] == "s1"
    assert not {"gen_ai.agent.version", "gen_ai.agent.name"} & span.attributes.keys()
    assert span.attributes["openinference.span.kind"] == "AGENT"
    (asked,) = check_messages(span.attributes["gen_ai.input.messages"])
    (said,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert (asked["role"], asked["parts"][0]["content"]) == ("user", "Is it warm?")
    assert (said["role"], said["parts"][0]["content"]) == ("assistant", "It is cold.")
    assert len(traces.records()) == 1


def test_an_inline_agent_has_a_name(server: ShapeServer, newest: Newest) -> None:
    client = server.client("bedrock-agent-runtime")
    _answer(server, client, "InvokeInlineAgent", {"sessionId": "s1", "completion": []})
    asked = {"sessionId": "s1", "inputText": "Hi", "agentName": "helper", "instruction": "Be of help. " * 4}
    list(client.invoke_inline_agent(foundationModel="amazon.nova-lite-v1:0", **asked)["completion"])
    span = newest()
    assert span.name == "invoke_agent helper"
    assert span.attributes["gen_ai.agent.name"] == "helper"
    assert span.attributes["gen_ai.request.model"] == "amazon.nova-lite-v1:0"


def test_retrieval_names_its_source_its_query_and_its_documents(server: ShapeServer, newest: Newest) -> None:
    client = server.client("bedrock-agent-runtime")
    results = [
        {
            "content": {"text": "Granite is hard."},
            "location": {"type": "S3", "s3Location": {"uri": "s3://bucket/rocks.txt"}},
            "score": 0.75,
        },
        {
            "content": {"text": "Chalk is soft."},
            "location": {"type": "WEB", "webLocation": {"url": "https://example.com"}},
        },
    ]
    _answer(server, client, "Retrieve", {"retrievalResults": results})
    limit = {"vectorSearchConfiguration": {"numberOfResults": 2}}
    client.retrieve(
        knowledgeBaseId="KB12345678", retrievalQuery={"text": "hard rocks"}, retrievalConfiguration=limit
    )
    span = newest()
    assert span.name == "retrieval KB12345678"
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": "KB12345678",
        "aws.bedrock.knowledge_base.id": "KB12345678",
        "gen_ai.retrieval.query.text": "hard rocks",
        "gen_ai.request.top_k": 2,
        "openinference.span.kind": "RETRIEVER",
    }
    assert {name: span.attributes.get(name) for name in expected} == expected
    assert check_documents(span.attributes["gen_ai.retrieval.documents"]) == [
        {"id": "s3://bucket/rocks.txt", "score": 0.75, "content": "Granite is hard."},
        {"id": "https://example.com", "content": "Chalk is soft."},
    ]


def test_the_rerank_operation_is_a_ranking_too(server: ShapeServer, newest: Newest) -> None:
    client = server.client("bedrock-agent-runtime")
    _answer(server, client, "Rerank", {"results": [{"index": 1, "relevanceScore": 0.5}]})
    model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.rerank-v1:0"
    source = {"type": "TEXT", "textDocument": {"text": "granite"}}
    client.rerank(
        queries=[{"type": "TEXT", "textQuery": {"text": "hard"}}],
        sources=[{"type": "INLINE", "inlineDocumentSource": source}],
        rerankingConfiguration={
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": {
                "numberOfResults": 1,
                "modelConfiguration": {"modelArn": model},
            },
        },
    )
    span = newest()
    assert span.name == f"rerank {model}"
    assert span.attributes["gen_ai.retrieval.query.text"] == "hard"
    assert check_documents(span.attributes["gen_ai.retrieval.documents"]) == [{"id": "1", "score": 0.5}]


def test_a_flow_is_a_workflow(server: ShapeServer, newest: Newest) -> None:
    client = server.client("bedrock-agent-runtime")
    _answer(server, client, "InvokeFlow", {"executionId": "e1", "responseStream": []})
    given_input = {"nodeName": "In", "nodeOutputName": "document", "content": {"document": "Hi"}}
    asked = {"flowIdentifier": "FLOW123456", "flowAliasIdentifier": "ALIAS12345", "inputs": [given_input]}
    list(client.invoke_flow(**asked)["responseStream"])
    span = newest()
    assert span.name == "invoke_workflow FLOW123456"
    assert span.attributes["gen_ai.workflow.name"] == "FLOW123456"
    assert json.loads(span.attributes["input.value"])["inputs"] == [given_input]


def test_a_guardrail_keeps_its_name_and_shows_its_json(client: Any, newest: Newest) -> None:
    content = [{"text": {"text": "Hello?"}}]
    client.apply_guardrail(guardrailIdentifier="gr1", guardrailVersion="1", source="INPUT", content=content)
    span = newest()
    assert span.name == "ApplyGuardrail gr1"
    assert "gen_ai.operation.name" not in span.attributes
    assert span.attributes["aws.bedrock.guardrail.id"] == "gr1"
    assert span.attributes["openinference.span.kind"] == "GUARDRAIL"
    assert json.loads(span.attributes["input.value"])["content"] == content
    assert json.loads(span.attributes["output.value"])["action"]


def _agentcore_tools() -> list[OperationCase]:
    return [case for case in OPERATIONS if case.model.name == "InvokeCodeInterpreter"]


@pytest.mark.parametrize("case", _agentcore_tools(), ids=str)
def test_a_tool_that_runs_at_aws_is_an_extension(
    server: ShapeServer, traces: CapturedTraces, case: OperationCase
) -> None:
    client = server.client(case.service)
    _answer(server, client, "InvokeCodeInterpreter", {"sessionId": "s1", "stream": []})
    asked = {"name": "executeCode", "arguments": {"code": "1 + 1", "language": "python"}}
    list(
        client.invoke_code_interpreter(codeInterpreterIdentifier="aws.codeinterpreter.v1", **asked)["stream"]
    )
    span = sent(traces.records()[-1])
    assert span.name == "execute_tool executeCode"
    assert span.attributes["gen_ai.tool.type"] == "extension"
    assert json.loads(span.attributes["gen_ai.tool.call.arguments"]) == asked["arguments"]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with open_laboratory(open_boto_caller) as opened:
        yield opened


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_every_operation_with_generated_exchanges_keeps_to_the_schemas(
    laboratory: Laboratory, case: OperationCase
) -> None:
    @settings(max_examples=5, suppress_health_check=_QUIET)
    @given(arguments=generated.requests(case), members=generated.answers(case))
    def experiment(arguments: dict[str, Any], members: dict[str, Any]) -> None:
        record = laboratory.run(case, arguments, ShapeReply(members)).record
        assert sent(record).trace_id == record.trace_id

    experiment()
