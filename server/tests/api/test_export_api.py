"""Export and import over HTTP: what is written, what comes back, what is refused."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop.delivery.otlp_json import to_line
from outcrop_server.query import export as exporting
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.exporting import export, payloads, take_in, trace
from server.tests.support.http import ask, send
from server.tests.support.spans import START_NS, otlp_span, request, span_id, trace_id

ODD: dict[str, Any] = {
    "text": "ü \u2028 \U0001f600",
    "whole": 2**62,
    "number": 1.0,
    "nan": float("nan"),
    "endless": float("-inf"),
    "yes": True,
    "nothing": None,
    "bytes": b"\x00\xff",
    "body": b'{"a": "b"}',
    "list": ["a", 1, b"\xfe"],
    "$text": "a name with a mark",
}


@pytest.fixture
def source(start_server: StartServer) -> BackgroundServer:
    """A server with three traces, judged and tagged."""
    server = start_server()
    resource = {"service.name": "shop", "outcrop.experiment.name": "weather"}
    tags = {"outcrop.tag.team": "blue", "outcrop.tag.x": "1"}
    bodies = [
        request(
            otlp_span(1, trace=trace_id(1), attributes={**ODD, **tags}),
            otlp_span(
                2, 1, trace=trace_id(1), status="ERROR", events=[("exception", {"n": 1, "b": b"\xff"})]
            ),
            resource=resource,
        ),
        request(otlp_span(3, 77, trace=trace_id(2)), resource=resource),
        request(otlp_span(4, trace=trace_id(3))),
    ]
    assert [send(server.url, body).status for body in bodies] == [200] * 3
    path = f"/api/traces/{trace_id(1).hex()}"
    headers = {"content-type": "application/json"}
    edit = {"tags": {"x": None, "reviewed": "yes"}, "metadata": {"git": "abc"}}
    assert (
        ask(server.url, path, method="PATCH", body=json.dumps(edit).encode(), headers=headers).status == 200
    )
    for value in (True, {"score": 0.5}):
        judged = {"kind": "feedback", "name": "ok", "value": value, "source": {"type": "HUMAN", "id": "ann"}}
        body = json.dumps({**judged, "span_id": span_id(2).hex(), "rationale": "why"}).encode()
        assert ask(server.url, f"{path}/assessments", method="POST", body=body, headers=headers).status == 201
    return server


@pytest.fixture
def target(start_server: StartServer, tmp_path: Any) -> BackgroundServer:
    return start_server(store=tmp_path / "target.db", spool=None)


def same(source: BackgroundServer, target: BackgroundServer, *, with_judgements: bool) -> None:
    for number in (1, 2, 3):
        told, expected = trace(target, trace_id(number)), trace(source, trace_id(number))
        if not with_judgements:
            told.pop("annotations")
            expected.pop("annotations")
            expected["info"]["tags"] = told["info"]["tags"]
        assert told == expected
        if with_judgements:
            assert told["experiment_name"] == expected["experiment_name"]


def test_jsonl_comes_back_as_the_same_traces_tags_and_judgements(
    source: BackgroundServer, target: BackgroundServer
) -> None:
    file = export(source).body
    assert take_in(target, file).json == {
        "new_spans": 4,
        "known_spans": 0,
        "edited_traces": 1,
        "new_assessments": 2,
        "rejected_spans": 0,
        "faults": [],
    }
    same(source, target, with_judgements=True)
    # The traces come newest first from both, so the same file comes out again.
    again, before = ([json.loads(line) for line in each.splitlines()] for each in (export(target).body, file))
    for line in (*again, *before):
        line["info"].pop("experiment_id")
    assert again == before
    for number in (1, 2, 3):
        assert _read(payloads(target, trace_id(number))) == _read(payloads(source, trace_id(number)))


def _read(kept: dict[str, bytes]) -> dict[str, str]:
    """As text: a number that is none equals nothing, itself included."""
    return {name: str(ExportTraceServiceRequest.FromString(data)) for name, data in kept.items()}


@pytest.mark.parametrize("form", ["otlp", "otlp-jsonl"])
def test_otlp_comes_back_byte_for_byte(source: BackgroundServer, target: BackgroundServer, form: str) -> None:
    file = export(source, format=form).body
    assert take_in(target, file, x_outcrop_experiment="Default").json["new_spans"] == 4
    same(source, target, with_judgements=False)
    for number in (1, 2, 3):
        assert payloads(target, trace_id(number)) == payloads(source, trace_id(number))


@pytest.mark.parametrize("form", ["jsonl", "otlp", "otlp-jsonl"])
def test_the_same_file_twice_changes_nothing(source: BackgroundServer, form: str) -> None:
    before = [trace(source, trace_id(number)) for number in (1, 2, 3)]
    answer = take_in(source, export(source, format=form).body).json
    assert answer["known_spans"] == 4
    assert (answer["new_spans"], answer["edited_traces"], answer["new_assessments"]) == (0, 0, 0)
    assert [trace(source, trace_id(number)) for number in (1, 2, 3)] == before


def test_what_was_edited_later_outlives_an_import(source: BackgroundServer) -> None:
    file = export(source).body
    path = f"/api/traces/{trace_id(1).hex()}"
    edit = json.dumps({"tags": {"reviewed": "no", "later": "1"}}).encode()
    headers = {"content-type": "application/json"}
    assert ask(source.url, path, method="PATCH", body=edit, headers=headers).status == 200
    assert take_in(source, file).status == 200
    assert trace(source, trace_id(1))["info"]["tags"] == {"team": "blue", "reviewed": "no", "later": "1"}


@pytest.mark.parametrize(("accept", "said"), [("gzip", "gzip"), ("gzip, zstd", "zstd"), ("zstd;q=0", None)])
@pytest.mark.parametrize("form", ["jsonl", "otlp", "otlp-jsonl"])
def test_an_answer_is_compressed_as_is_accepted_and_taken_in_as_it_is(
    source: BackgroundServer, target: BackgroundServer, form: str, accept: str, said: str | None
) -> None:
    answer = export(source, accept, format=form)
    assert answer.headers.get("content-encoding") == said
    plain = export(source, format=form).body
    if said == "gzip":
        assert gzip.decompress(answer.body) == plain
    elif said == "zstd":
        assert zstandard.ZstdDecompressor().decompressobj().decompress(answer.body) == plain
    assert take_in(target, answer.body).json["new_spans"] == 4


def test_members_of_gzip_and_zstd_one_after_the_other_are_one_file(
    source: BackgroundServer, target: BackgroundServer
) -> None:
    lines = export(source).body.splitlines(keepends=True)
    assert take_in(target, b"".join(map(gzip.compress, lines))).json["new_spans"] == 4
    frames = b"".join(map(zstandard.ZstdCompressor().compress, lines))
    assert take_in(target, frames).json["new_spans"] == 0


def test_filter_experiment_and_ids_choose_the_traces(source: BackgroundServer) -> None:
    def exported(**asked: Any) -> list[int]:
        return [int(json.loads(line)["trace_id"], 16) for line in export(source, **asked).body.splitlines()]

    assert exported() == [3, 2, 1]
    assert exported(experiments=["weather"]) == [2, 1]
    assert exported(experiments=["nobody"]) == []
    assert exported(filter="tag.reviewed = 'yes'") == [1]
    assert exported(trace_ids=[trace_id(1).hex(), trace_id(9).hex(), trace_id(3).hex()]) == [1, 3]


def test_more_traces_than_a_page_come_once_each(server: BackgroundServer) -> None:
    spans = [otlp_span(1, trace=trace_id(i), start_time_unix_nano=START_NS) for i in range(1, 351)]
    assert send(server.url, request(*spans)).status == 200
    found = [int(json.loads(line)["trace_id"], 16) for line in export(server).body.splitlines()]
    assert found == list(range(350, 0, -1))


def test_a_large_trace_goes_on_in_further_lines_and_comes_back(
    server: BackgroundServer, target: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LINE_BYTES", 3000)
    trace = trace_id(1)
    spans = [
        otlp_span(i, 1 if i > 1 else None, trace=trace, attributes={"n": "x" * 500}) for i in range(1, 41)
    ]
    assert send(server.url, request(*spans)).status == 200
    edit = json.dumps({"tags": {"size": "large"}}).encode()
    headers = {"content-type": "application/json"}
    path = f"/api/traces/{trace.hex()}"
    assert ask(server.url, path, method="PATCH", body=edit, headers=headers).status == 200
    file = export(server).body
    lines = [json.loads(line) for line in file.splitlines()]
    assert len(lines) > 5
    assert [line["part"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["is_last"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert sum(len(line["spans"]) for line in lines) == 40
    answer = take_in(target, file).json
    assert (answer["new_spans"], answer["edited_traces"]) == (40, 1)
    assert payloads(target, trace) == payloads(server, trace)


def test_wrong_spans_are_said_and_the_others_kept(target: BackgroundServer) -> None:
    wrong = otlp_span(2, end_time_unix_nano=1)
    answer = take_in(target, request(otlp_span(1), wrong, otlp_span(3)))
    assert (answer.json["new_spans"], answer.json["rejected_spans"]) == (2, 1)
    assert "before it starts" in answer.json["faults"][0]


def test_faults_name_the_line_and_do_not_end_an_import(target: BackgroundServer) -> None:
    wrong = {"span_id": span_id(1).hex(), "trace_id": trace_id(2).hex(), "start_time_ns": "2"}
    lines = [
        _line(),
        b"\n",
        # All that a line holds is wrong, and then one of two spans of an OTLP request.
        _line(trace_id=trace_id(2).hex(), spans=[{**wrong, "end_time_ns": "1", "name": "late"}]),
        to_line(request(otlp_span(5, trace=trace_id(5)))),
        to_line(request(otlp_span(6, trace=trace_id(6)), otlp_span(7, name="odd", end_time_unix_nano=1))),
        _line(),
    ]
    answer = take_in(target, b"".join(lines)).json
    assert (answer["new_spans"], answer["known_spans"], answer["rejected_spans"]) == (3, 1, 2)
    assert [fault.partition(")")[0] for fault in answer["faults"]] == [
        "Line 3: Span 0 ('late'",
        "Line 5: Span 1 ('odd'",
    ]


def test_a_fault_in_protobuf_names_the_part(target: BackgroundServer) -> None:
    parts = [request(otlp_span(number)) for number in range(1, 4)]
    parts.insert(2, request(otlp_span(9, name="odd", end_time_unix_nano=1)))
    answer = take_in(target, b"".join(parts)).json
    assert (answer["new_spans"], answer["faults"][0][:24]) == (3, "Part 3: Span 0 ('odd') e")


def test_an_error_says_the_line_and_what_was_kept(target: BackgroundServer) -> None:
    lines = [to_line(request(otlp_span(number))) for number in (1, 2)]
    answer = take_in(target, b"".join([*lines, b"{no json}\n"]))
    assert answer.status == 400
    assert answer.detail.startswith("Line 3: It is no JSON")
    assert answer.detail.endswith("Kept of the file: 2 spans, 2 of them new.")
    again = take_in(target, b"".join(lines)).json
    assert (again["new_spans"], again["known_spans"]) == (0, 2)


@pytest.mark.parametrize("missing", [1, 30])
def test_a_file_that_was_cut_says_where(
    source: BackgroundServer, target: BackgroundServer, missing: int
) -> None:
    # Without the last line's end it is whole.
    file = export(source).body.rstrip(b"\n")
    answer = take_in(target, file[:-missing])
    assert (answer.status, "ends within line 3" in answer.detail) == (400, True), answer.detail
    assert take_in(target, file).json["known_spans"] == 2


def test_a_large_trace_whose_last_lines_are_missing_was_cut(target: BackgroundServer) -> None:
    answer = take_in(target, _line(is_last=False))
    assert (answer.status, "ends within trace 0000" in answer.detail) == (400, True), answer.detail
    answer = take_in(target, _line(is_last=False) + _line(trace_id=trace_id(2).hex()))
    assert "Line 2: Trace 0000" in answer.detail
    assert "is not at its end" in answer.detail


def test_an_import_may_name_an_experiment_in_any_script(target: BackgroundServer) -> None:
    file = request(otlp_span(1, trace=trace_id(1)))
    path = "/api/import?experiment=%E5%A4%A9%E6%B0%97"
    assert ask(target.url, path, method="POST", body=file).json["new_spans"] == 1
    assert trace(target, trace_id(1))["experiment_name"] == "天気"


def _line(**changes: Any) -> bytes:
    span = {
        "trace_id": trace_id(1).hex(),
        "span_id": span_id(1).hex(),
        "start_time_ns": "1",
        "end_time_ns": "2",
    }
    return json.dumps({"trace_id": trace_id(1).hex(), "spans": [span], **changes}).encode() + b"\n"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"PAR1....", "cannot be read back"),
        (b"{no json}\n", "no JSON"),
        (b'{"a": 1}\n', "neither a trace"),
        (b"[1]\n", "none that an export writes"),
        (request(otlp_span(1))[:-3], "ends within a request"),
        (request(otlp_span(1)) + b"\x12\x00", "no OTLP behind its first 1 parts"),
        (gzip.compress(request(otlp_span(1)), mtime=0)[:-9], "ends too early"),
        (gzip.compress(request(otlp_span(1)), mtime=0)[:-8] + b"\xff" * 8, "then is none"),
        (zstandard.ZstdCompressor().compress(b"{}" * 50)[:-3], "ends too early"),
        (_line(trace_id="xyz"), "32 hex digits"),
        (_line(part=2), "no line before it began it"),
        (_line(spans=[{"span_id": "00"}]), "not of the form"),
        (_line(spans=[None]), "not of the form"),
        (_line(assessments=[{"name": "x"}]), "assessment of trace"),
        (_line(assessments={"a": 1}), "must be a list"),
        (_line(info={"tags": {"a": 1}}), "objects of texts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_no_export_wrote_is_refused_with_a_reason(
    target: BackgroundServer, file: bytes, words: str
) -> None:
    answer = take_in(target, file)
    assert (answer.status, words in answer.detail) == (400, True), answer.detail


def test_a_line_or_span_beyond_the_limit_is_refused_however_small_it_came(
    start_server: StartServer, tmp_path: Any
) -> None:
    server = start_server(store=tmp_path / "small.db", max_body_bytes=1 << 20)
    for file in (b'{"a": "' + b"x" * (3 << 20), request(otlp_span(1, attributes={"a": "x" * (2 << 20)}))):
        for sent in (file, gzip.compress(file), zstandard.ZstdCompressor().compress(file)):
            answer = take_in(server, sent)
            assert (answer.status, "OUTCROP_MAX_BODY_BYTES" in answer.detail) == (413, True)
    # But a file of many such is of any size.
    body = b"".join(request(otlp_span(i, attributes={"a": "x" * 500_000})) for i in range(1, 9))
    assert take_in(server, body).json["new_spans"] == 8


def test_an_empty_file_and_empty_lines_hold_nothing(target: BackgroundServer) -> None:
    for file in (b"", b"  \n \n", gzip.compress(b"")):
        assert take_in(target, file).json["new_spans"] == 0


def test_parquet_without_its_library_says_what_to_install(
    server: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    headers = {"content-type": "application/json"}
    answer = ask(server.url, "/api/export", method="POST", body=b'{"format": "parquet"}', headers=headers)
    assert (answer.status, "pip install 'outcrop[parquet]'" in answer.detail) == (400, True)


def test_parquet_has_a_row_for_each_span(source: BackgroundServer, tmp_path: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "traces.parquet"
    file.write_bytes(export(source, format="parquet").body)
    table = parquet.read_table(file)
    starts = table.column("start_time").cast("int64").to_pylist()
    assert starts == [START_NS + number * 1000 for number in (4, 3, 1, 2)]
    rows = table.drop_columns(["start_time", "end_time"]).to_pylist()
    assert [(row["trace_id"], row["span_id"]) for row in rows] == [
        (trace_id(3).hex(), span_id(4).hex()),
        (trace_id(2).hex(), span_id(3).hex()),
        (trace_id(1).hex(), span_id(1).hex()),
        (trace_id(1).hex(), span_id(2).hex()),
    ]
    assert (rows[3]["status"], rows[3]["parent_id"], rows[3]["experiment"]) == (
        "ERROR",
        span_id(1).hex(),
        "weather",
    )
