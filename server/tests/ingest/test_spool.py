from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from steady_port import steady_port

from outcrop.spooling.segment import file_head, stored_form
from outcrop.spooling.writer import SegmentWriter
from outcrop_server.ingest.pipeline import Accepted
from outcrop_server.ingest.spool import SpoolReader, directories
from outcrop_server.model.errors import BadRequestError, StoreFullError
from server.tests.conftest import StartServer
from server.tests.support.http import ask
from server.tests.support.spans import TRACE, otlp_span, request


def waiting(folder: Path, *bodies: bytes) -> list[Path]:
    """A segment a body, as a program leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{i:03d}.segment" for i in range(len(bodies))]
    for path, body in zip(paths, bodies, strict=True):
        draft = path.with_suffix(".draft")
        draft.write_bytes(file_head() + stored_form(body, 1))
        draft.replace(path)
    return paths


def reader(folder: Path, accept: Callable[[bytes], Accepted]) -> SpoolReader:
    return SpoolReader([folder, folder / "missing"], accept, 60)


def committed(_: bytes) -> Accepted:
    done = Future[int]()
    done.set_result(1)
    return Accepted(done, [])


def test_files_are_taken_in_by_age_and_deleted_when_committed(tmp_path: Path) -> None:
    waiting(tmp_path, *(b"%d" % i for i in range(40)))
    writer = SegmentWriter(tmp_path / "040.segment")
    writer.append(b"its program lives", 1)
    seen: list[bytes] = []

    def accept(body: bytes) -> Accepted:
        seen.append(body)
        return committed(body)

    assert reader(tmp_path, accept).take_in() == 40
    assert seen == [b"%d" % i for i in range(40)]
    assert [path.name for path in tmp_path.iterdir()] == ["040.segment"]
    writer.close()
    assert reader(tmp_path, accept).take_in() == 1
    assert seen[-1] == b"its program lives"


def test_a_file_stays_until_it_is_committed(tmp_path: Path) -> None:
    (path,) = waiting(tmp_path, b"x")

    def accept(_: bytes) -> Accepted:
        assert path.exists()
        failed = Future[int]()
        failed.set_exception(StoreFullError("full"))
        return Accepted(failed, [])

    assert reader(tmp_path, accept).take_in() == 0
    assert path.exists()
    assert reader(tmp_path, committed).take_in() == 1


def test_a_store_that_is_full_leaves_files_for_later(tmp_path: Path) -> None:
    (path,) = waiting(tmp_path, b"x")

    def accept(_: bytes) -> Accepted:
        raise StoreFullError("full")

    assert reader(tmp_path, accept).take_in() == 0
    assert path.exists()


def test_a_broken_file_is_set_aside_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    waiting(tmp_path, b"broken", b"fine")

    def accept(body: bytes) -> Accepted:
        if body == b"broken":
            raise BadRequestError("no protobuf")
        return committed(body)

    with caplog.at_level(logging.ERROR):
        assert reader(tmp_path, accept).take_in() == 1
    (aside,) = tmp_path.iterdir()
    assert aside.suffix == ".rejected"
    assert aside.read_bytes() == b"broken"
    assert aside.name in caplog.text
    assert "no protobuf" in caplog.text


def test_a_request_with_wrong_spans_is_kept_beside_what_is_taken_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    waiting(tmp_path, b"mixed")

    def accept(body: bytes) -> Accepted:
        return Accepted(committed(body).stored, ["Span 3 ends before it starts."])

    with caplog.at_level(logging.ERROR):
        assert reader(tmp_path, accept).take_in() == 1
    (aside,) = tmp_path.iterdir()
    assert (aside.suffix, aside.read_bytes()) == (".rejected", b"mixed")
    assert "Span 3 ends before it starts." in caplog.text


def test_what_was_taken_in_before_a_failure_is_not_taken_in_again(tmp_path: Path) -> None:
    path = tmp_path / "000.segment"
    path.write_bytes(file_head() + b"".join(stored_form(b"%d" % i, 1) for i in range(3)))
    seen: list[bytes] = []

    def accept(body: bytes) -> Accepted:
        if len(seen) == 1:
            seen.append(b"full")
            raise StoreFullError("full")
        seen.append(body)
        return committed(body)

    assert reader(tmp_path, accept).take_in() == 1
    assert reader(tmp_path, accept).take_in() == 2
    assert seen == [b"0", b"full", b"1", b"2"]
    assert not path.exists()


def test_a_torn_segment_gives_what_is_whole_and_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = file_head() + stored_form(b"first", 1) + stored_form(b"second", 1)
    (tmp_path / "000.segment").write_bytes(whole[:-1])
    with caplog.at_level(logging.ERROR):
        assert reader(tmp_path, committed).take_in() == 1
    (kept,) = tmp_path.iterdir()
    assert kept.suffix == ".damaged"
    assert kept.name in caplog.text


def test_both_spellings_of_loopback_are_looked_into(tmp_path: Path) -> None:
    assert [path.name for path in directories(tmp_path, 5115)] == [
        "127.0.0.1_5115",
        "localhost_5115",
        "_1_5115",
    ]


def test_a_server_takes_in_what_waited_for_its_port_and_what_comes_later(
    start_server: StartServer, tmp_path: Path
) -> None:
    port = steady_port()
    early = waiting(tmp_path / "spool" / f"localhost_{port}", request(otlp_span(1)))
    server = start_server(port=port, spool_interval_s=0.01)
    late = waiting(tmp_path / "spool" / f"127.0.0.1_{port}", request(otlp_span(2, 1)))
    others = waiting(tmp_path / "spool" / f"127.0.0.1_{port + 1}", request(otlp_span(3, 1)))
    # Asking takes time enough: a file is gone once its spans are committed.
    while any(path.exists() for path in early + late):
        assert ask(server.url, "/healthz").status == 200
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 2
    assert others[0].exists()
