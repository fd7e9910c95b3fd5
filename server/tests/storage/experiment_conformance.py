"""The part of the suite about what is said of experiments. `conformance` has the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.model.rows import ExperimentRow
from outcrop_server.storage.api import TraceStore
from server.tests.storage.token_conformance import token
from server.tests.support.spans import new_span, trace_id

FACTS = ExperimentFacts("A", "What it is for", 7, "age=30d")


def send(store: TraceStore, number: int, experiment: str, span: int = 1) -> None:
    made = new_span(span, trace=trace_id(number), experiment=experiment, is_experiment_named=True)
    store.append([made]).result()


def only(store: TraceStore) -> ExperimentRow:
    (row,) = store.experiments()
    return row


class ExperimentConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def test_an_experiment_is_made_with_what_is_said_of_it(self, store: TraceStore) -> None:
        assert store.add_experiment(FACTS, 5).result()
        assert not store.add_experiment(replace(FACTS, description="other"), 6).result()
        row = only(store)
        assert (row.name, row.description, row.archived_at_ns, row.retention) == (
            "A",
            "What it is for",
            7,
            "age=30d",
        )
        assert (row.created_at_ns, row.trace_count, row.former_names) == (5, 0, ())
        send(store, 1, "A")
        assert only(store).trace_count == 1

    def test_an_experiment_that_a_trace_made_is_changed_by_its_id(self, store: TraceStore) -> None:
        send(store, 1, "A")
        assert (only(store).description, only(store).archived_at_ns, only(store).retention) == (
            "",
            None,
            None,
        )
        assert store.edit_experiment(only(store).experiment_id, FACTS).result()
        assert only(store).description == "What it is for"
        for unknown in ("", "x", "999", "9" * 40, "-1"):
            assert not store.edit_experiment(unknown, FACTS).result()

    def test_what_names_the_old_name_still_comes_in_whoever_writes_it(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        other = self.open(tmp_path)
        send(store, 1, "A")
        send(other, 2, "A")
        assert store.edit_experiment(only(store).experiment_id, replace(FACTS, name="B")).result()
        for writer, number in ((store, 3), (other, 4)):
            send(writer, number, "A")
            send(writer, number + 10, "B")
        # A late span of a trace that came before.
        send(other, 1, "A", span=2)
        assert (only(store).name, only(store).trace_count) == ("B", 6)
        assert only(store).former_names == ("A",)
        assert {stored.row.experiment for stored in store.traces("B", None, 10)} == {"B"}
        assert store.traces("A", None, 10) == []
        other.close()

    def test_a_name_that_was_is_not_given_to_another_but_can_be_taken_back(self, store: TraceStore) -> None:
        send(store, 1, "A")
        first = only(store).experiment_id
        assert store.edit_experiment(first, replace(FACTS, name="B")).result()
        assert not store.add_experiment(FACTS, 1).result()
        assert store.add_experiment(replace(FACTS, name="C"), 1).result()
        (second,) = (row.experiment_id for row in store.experiments() if row.name == "C")
        for taken in ("A", "B"):
            assert not store.edit_experiment(second, replace(FACTS, name=taken)).result()
        assert store.edit_experiment(first, FACTS).result()
        (row,) = (row for row in store.experiments() if row.experiment_id == first)
        assert (row.name, row.former_names) == ("A", ("B",))
        assert sorted(store.named_experiments()) == [(first, "A", ("B",)), (second, "C", ())]

    def test_a_token_opens_an_experiment_by_its_new_name_too(self, store: TraceStore) -> None:
        send(store, 1, "A")
        tokens = [
            token("some"),
            replace(token("all"), experiments=None),
            replace(token("other"), experiments=("Z",)),
        ]
        for each in tokens:
            store.add_access_token(each).result()
        assert store.edit_experiment(only(store).experiment_id, replace(FACTS, name="B")).result()
        assert [each.experiments for each in store.access_tokens()] == [
            ("A", "日本 ' \"", "B"),
            None,
            ("Z",),
        ]
