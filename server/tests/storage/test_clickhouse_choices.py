"""What is kept beside spans in ClickHouse: unique over several servers, in few statements, any text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from outcrop_server.model.access import PageSession
from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.storage.clickhouse import notes
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_records
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.common.note_texts import WAITS_NS
from server.tests.storage.note_conformance import JUDGED, NOTE
from server.tests.storage.token_conformance import token
from server.tests.storage.view_conformance import CONTENT, view
from server.tests.support.annotations import content, judgement
from server.tests.support.spans import TRACE, new_span, trace_id

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse

ODD = "\0\t\n\\ 'x' \"日本\" %_ {a:String} \0\0\1"
# Of one or two commits, whatever is in them.
FEW = 30


@pytest.fixture
def address(clickhouse: Clickhouse) -> Iterator[str]:
    uri = clickhouse.new_database()
    yield uri
    clickhouse.drop(uri)


@pytest.fixture
def store(address: str) -> Iterator[ClickhouseStore]:
    opened = open_store(address)
    yield opened
    opened.close()


@pytest.fixture
def other(address: str) -> Iterator[ClickhouseStore]:
    """Another server over the same database."""
    opened = open_store(address)
    yield opened
    opened.close()


def open_store(uri: str, gather_s: float = 0.0) -> ClickhouseStore:
    return ClickhouseStore(uri, gather_s=gather_s, patience_s=5.0, is_durable=False)


def meet(*asked: Callable[[], Future[Any]]) -> list[Any]:
    """What calls say that are made at once."""
    with ThreadPoolExecutor(len(asked)) as pool:
        return [each.result().result() for each in [pool.submit(ask) for ask in asked]]


def experiment_names(address: str) -> list[str]:
    client = Client(read_address(address))
    found = [Experiment.read(text).name for text in read_records(client, EXPERIMENT).values()]
    client.close()
    return sorted(found)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are asked, by whichever store."""
    statements: list[str] = []
    query = Client.query

    def noted(client: Client, statement: str, *rest: Any, **named: Any) -> Any:
        statements.append(statement)
        return query(client, statement, *rest, **named)

    monkeypatch.setattr(Client, "query", noted)
    return statements


@pytest.mark.parametrize("number", range(3))
def test_of_two_servers_one_gives_a_name_or_id(
    address: str, store: ClickhouseStore, other: ClickhouseStore, number: int
) -> None:
    store.append([new_span(1), new_span(1, trace=trace_id(2))]).result()
    tokens, facts = [token("ci"), token("ci")], ExperimentFacts("E", str(number))
    made = view(1, replace(CONTENT, experiment=None))
    judged = [judgement(1), replace(judgement(1), trace_id=trace_id(2))]
    for results in (
        meet(lambda: store.add_access_token(tokens[0]), lambda: other.add_access_token(tokens[1])),
        meet(lambda: store.add_view(made), lambda: other.add_view(made)),
        meet(lambda: store.add_experiment(facts, 1), lambda: other.add_experiment(facts, 2)),
        meet(lambda: store.add_assessment(judged[0]), lambda: other.add_assessment(judged[1])),
    ):
        assert sorted(results) == [False, True]
    assert store.access_tokens() == other.access_tokens()
    assert [each.name for each in store.access_tokens()] == ["ci"]
    assert other.views() == [made]
    assert len(store.assessments(TRACE) + store.assessments(trace_id(2))) == 1
    assert experiment_names(address) == ["Default", "E"]


def test_of_renames_that_meet_one_gets_the_name(
    address: str, store: ClickhouseStore, other: ClickhouseStore
) -> None:
    for name in ("A", "B"):
        assert store.add_experiment(ExperimentFacts(name), 1).result()
    token_of_all = replace(token(), experiments=("A", "B"))
    store.add_access_token(token_of_all).result()
    wanted = ExperimentFacts("C")
    results = meet(
        lambda: store.edit_experiment("1", wanted),
        lambda: other.edit_experiment("2", wanted),
        lambda: other.add_experiment(wanted, 1),
    )
    assert sorted(results) == [False, False, True]
    assert experiment_names(address).count("C") == 1
    if not results[2]:
        renamed = "A" if results[0] else "B"
        assert not other.add_experiment(ExperimentFacts(renamed), 1).result()
        assert other.access_tokens()[0].experiments == ("A", "B", "C")


def test_the_last_use_of_a_token_is_the_latest_that_any_server_saw(
    store: ClickhouseStore, other: ClickhouseStore
) -> None:
    made = token()
    store.add_access_token(made).result()
    meet(
        *(
            lambda one=one, at=at: one.note_token_use({made.token_id: at})
            for one, at in ((store, 7), (other, 9), (store, 8), (other, 5))
        )
    )
    assert store.access_tokens() == other.access_tokens() == [replace(made, last_used_at_ns=9)]


def test_a_store_that_is_opened_anew_has_everything(address: str) -> None:
    store = open_store(address)
    store.append([new_span(1)]).result()
    made, session = token(), PageSession(b"\1" * 32, "t", 7)
    document = Document(DocumentKey("c", "k"), "X", b"\xff\0", TRACE)
    shown = view(1, replace(CONTENT, experiment="X"))
    store.put_document(document).result()
    store.add_access_token(made).result()
    store.add_page_session(session, 0, 5).result()
    assert store.add_view(shown).result()
    store.add_assessment(judgement(1)).result()
    store.note_trace(trace_id(9), NOTE).result()
    assert store.add_experiment(ExperimentFacts("E", "for what", 3, "keep"), 2).result()
    store.close()
    again = open_store(address)
    assert (again.access_tokens(), again.page_sessions(), again.views()) == ([made], [session], [shown])
    assert (again.assessments(TRACE), again.waiting_note(trace_id(9))) == ([judgement(1)], NOTE)
    assert again.document(document.place) == document
    again.append([new_span(1, trace=trace_id(9))]).result()
    assert again.waiting_note(trace_id(9)) is None
    assert not again.add_experiment(ExperimentFacts("E"), 2).result()
    assert not again.add_assessment(judgement(1)).result()
    assert not again.add_view(shown).result()
    again.close()


def test_works_of_one_commit_see_what_those_before_them_did(store: ClickhouseStore) -> None:
    store.append([new_span(1)]).result()
    first, place = judgement(1), DocumentKey("c", "k")
    free = view(1, replace(CONTENT, experiment=None))
    # The first commit holds up the rest, which then are one.
    asked: list[tuple[Future[Any], Any]] = [
        (store.add_access_token(token("first")), True),
        (store.add_assessment(first), True),
        (store.add_assessment(first), False),
        (store.update_assessment(TRACE, first.assessment_id, content("b"), 5), True),
        (store.delete_assessment(TRACE, first.assessment_id), True),
        (store.update_assessment(TRACE, first.assessment_id, content("c"), 6), False),
        (store.add_assessment(replace(first, author="ann")), True),
        (store.note_trace(TRACE, TraceNote("Default", TraceEdit(), (first, JUDGED))), True),
        (store.add_access_token(token("ci")), True),
        (store.add_access_token(token("ci")), False),
        (store.put_document(Document(place, "Default", b"1")), True),
        (store.delete_document(place), True),
        (store.delete_document(place), False),
        (store.add_view(free), True),
        (store.add_view(free), False),
    ]
    assert [done.result() for done, _ in asked] == [expected for _, expected in asked]
    assert store.assessments(TRACE) == [replace(first, author="ann"), JUDGED]
    assert [each.name for each in store.access_tokens()] == ["first", "ci"]
    assert store.documents(None, 9) == []


def test_any_text_is_a_key(store: ClickhouseStore) -> None:
    places = [
        DocumentKey(collection, key)
        for collection in ("", "a", "a\0", ODD)
        for key in ("", "\0", "b\0c", ODD, f"{ODD}2")
    ]
    for number, place in enumerate(places):
        store.put_document(Document(place, ODD, bytes([number]) * number)).result()
    for number, place in enumerate(places):
        found = store.document(place)
        assert found is not None
        assert (found.place, found.content, found.experiment) == (place, bytes([number]) * number, ODD)
    assert [each.place for each in store.documents(None, 99)] == sorted(places)
    for place in places:
        keys = [key for key, _ in store.document_keys(place.collection, place.key, 99)]
        assert keys == sorted(
            key for collection, key in places if collection == place.collection and key.startswith(place.key)
        )
    odd = replace(judgement(1), assessment_id=ODD)
    store.append([new_span(1)]).result()
    assert store.add_assessment(odd).result()
    assert not store.add_assessment(odd).result()
    assert store.delete_assessment(TRACE, ODD).result()


@pytest.mark.parametrize("held", [b"", b"\0", b"\xff\xfe", bytes(range(256)) * 99, "日本".encode()])
def test_a_document_holds_any_bytes(store: ClickhouseStore, held: bytes) -> None:
    document = Document(DocumentKey("c", "k"), "A", held)
    store.put_document(document).result()
    assert store.document(document.place) == document
    assert store.document_keys("c", "", 9) == [("k", len(held))]


def test_keys_of_documents_are_listed_without_their_contents(
    store: ClickhouseStore, asked: list[str]
) -> None:
    store.put_document(Document(DocumentKey("c", "k"), "A", b"12")).result()
    asked.clear()
    assert store.document_keys("c", "", 9) == [("k", 2)]
    assert [each for each in asked if notes.CONTENT in each] == []


def test_a_document_goes_with_the_trace_that_it_was_last_said_to_be_of(store: ClickhouseStore) -> None:
    document = Document(DocumentKey("c", "k"), "A", b"1", TRACE)
    store.put_document(document).result()
    moved = replace(document, trace_id=trace_id(2))
    store.put_document(moved).result()
    store.delete_traces([TRACE]).result()
    assert store.document(document.place) == moved
    store.delete_document(document.place).result()
    free = replace(document, trace_id=None)
    store.put_document(free).result()
    store.delete_traces([trace_id(2)]).result()
    assert store.document(document.place) == free


def test_judgements_of_a_deleted_trace_do_not_come_back_with_it(store: ClickhouseStore) -> None:
    store.append([new_span(1)]).result()
    store.add_assessment(judgement(1)).result()
    store.delete_traces([TRACE]).result()
    store.append([new_span(1)]).result()
    assert store.assessments(TRACE) == []
    assert store.add_assessment(judgement(1)).result()
    assert store.assessments(TRACE) == [judgement(1)]


def test_notes_of_many_traces_cost_few_statements(address: str, asked: list[str]) -> None:
    # What comes within a moment is one commit.
    store = open_store(address, gather_s=2.0)
    store.note_trace(trace_id(99), NOTE).result()
    asked.clear()
    done: list[Future[bool]] = []
    for number in range(1, 40):
        judged = replace(JUDGED, trace_id=trace_id(number), assessment_id=f"a-{number}")
        done.append(store.note_trace(trace_id(number), TraceNote("A", TraceEdit(), (judged,))))
    assert all(each.result() for each in done)
    assert len(asked) < FEW
    asked.clear()
    spans = [new_span(1, trace=trace_id(number)) for number in range(1, 40)]
    store.append(spans).result()
    assert len(asked) < FEW
    assert [each.assessment_id for each in store.assessments(trace_id(39))] == ["a-39"]
    assert [trace for trace, _ in store.waiting_notes(None, 99)] == [trace_id(99)]
    store.close()


def test_a_note_that_has_waited_for_a_week_is_forgotten(
    store: ClickhouseStore, other: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.note_trace(trace_id(1), NOTE).result()
    later_ns = time.time_ns() + WAITS_NS + 10**9
    monkeypatch.setattr("outcrop_server.storage.clickhouse.notes.time.time_ns", lambda: later_ns)
    other.note_trace(trace_id(2), NOTE).result()
    assert [trace for trace, _ in store.waiting_notes(None, 9)] == [trace_id(2)]


def test_a_note_is_found_whichever_server_took_it(store: ClickhouseStore, other: ClickhouseStore) -> None:
    def tags_of(number: int) -> dict[str, str]:
        store.append([new_span(1, trace=trace_id(number))]).result()
        stored = store.trace(trace_id(number))
        assert stored is not None
        return stored.row.tags

    assert tags_of(1) == {}
    other.note_trace(trace_id(2), replace(NOTE, assessments=())).result()
    assert tags_of(2) == {"env": "日本"}
    assert store.note_trace(trace_id(3), replace(NOTE, assessments=())).result()
    assert tags_of(3) == {"env": "日本"}
    assert store.waiting_notes(None, 9) == []
