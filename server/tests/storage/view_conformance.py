"""The part of the suite about saved views. `conformance` has the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from outcrop_server.model.views import SavedView, ViewColumn, ViewContent
from outcrop_server.storage.api import TraceStore
from server.tests.support.spans import new_span

CONTENT = ViewContent(
    "Slow 日本 ' \"", "A", {"filter": "latency > 2s"}, (ViewColumn("time"), ViewColumn("cost", 90)), True
)


def view(number: int, content: ViewContent = CONTENT) -> SavedView:
    return SavedView(f"v-{number}", content, "ann", number, number)


class ViewConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def test_views_come_back_as_they_were_in_the_order_in_which_they_were_made(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        store.append([new_span(1, experiment="A", is_experiment_named=True)]).result()
        made = [view(2), view(1, replace(CONTENT, experiment=None, search={}, columns=(), is_compact=False))]
        assert [store.add_view(each).result() for each in made] == [True, True]
        assert store.views() == made
        other = self.open(tmp_path)
        assert other.views() == made
        other.close()

    def test_a_view_of_no_experiment_that_exists_is_not_kept(self, store: TraceStore) -> None:
        assert not store.add_view(view(1)).result()
        free = view(1, replace(CONTENT, experiment=None))
        assert store.add_view(free).result()
        assert not store.add_view(replace(free, author="bob")).result()
        assert not store.update_view("v-1", CONTENT, 9).result()
        assert store.views() == [free]

    def test_a_view_is_replaced_and_deleted_by_its_id(self, store: TraceStore) -> None:
        kept = [view(number, replace(CONTENT, experiment=None)) for number in (1, 2)]
        for each in kept:
            store.add_view(each).result()
        changed = replace(kept[0].content, name="Other", columns=())
        assert store.update_view("v-1", changed, 9).result()
        assert not store.update_view("v-3", changed, 9).result()
        assert store.views() == [replace(kept[0], content=changed, updated_at_ns=9), kept[1]]
        assert store.delete_view("v-1").result()
        assert not store.delete_view("v-1").result()
        assert store.views() == [kept[1]]
