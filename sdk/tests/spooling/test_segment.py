"""Segments: whatever a file was cut off or changed by, what is whole in it is read, in order."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.spooling.claim import claimed, waiting_segments
from outcrop.spooling.segment import (
    FRAME_BYTES,
    HEAD_BYTES,
    NotedRequest,
    file_head,
    read_segment,
    stored_form,
)
from outcrop.spooling.writer import SegmentWriter

# The mark of a request may come up within a body.
BODIES = st.lists(st.binary(max_size=60) | st.just(b"REQ1" * 5), min_size=1, max_size=5)


def _segment(bodies: list[bytes]) -> tuple[bytes, list[int]]:
    """A whole segment and where each of its requests ends."""
    data, ends = file_head(), list[int]()
    for body in bodies:
        data += stored_form(body, 1)
        ends.append(len(data))
    return data, ends


@given(BODIES)
def test_what_is_written_is_read_in_order(bodies: list[bytes]) -> None:
    data, ends = _segment(bodies)
    content = read_segment(data)
    assert [request.body for request in content.requests] == bodies
    assert [request.end for request in content.requests] == ends
    assert content.spans == len(bodies)
    assert content.damaged_bytes == 0


@given(BODIES, st.data())
def test_a_file_torn_at_any_byte_gives_all_that_was_whole(bodies: list[bytes], data: st.DataObject) -> None:
    whole, ends = _segment(bodies)
    cut = data.draw(st.integers(HEAD_BYTES, len(whole)))
    content = read_segment(whole[:cut])
    complete = [body for body, end in zip(bodies, ends, strict=True) if end <= cut]
    assert [request.body for request in content.requests] == complete
    assert content.damaged_bytes == cut - max([HEAD_BYTES, *(end for end in ends if end <= cut)])


@given(BODIES, st.data())
def test_a_changed_byte_costs_its_own_request_and_no_other(bodies: list[bytes], data: st.DataObject) -> None:
    whole, ends = _segment(bodies)
    at = data.draw(st.integers(HEAD_BYTES, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    starts = [HEAD_BYTES, *ends[:-1]]
    hit = next(index for index, end in enumerate(ends) if starts[index] <= at < end)
    found = [request.body for request in read_segment(bytes(changed)).requests]
    # The number of spans is not covered by the checksum: a body may survive a change there.
    assert found in ([body for index, body in enumerate(bodies) if index != hit], bodies)


@given(BODIES, st.data())
def test_what_is_delivered_is_not_given_again(bodies: list[bytes], data: st.DataObject) -> None:
    whole, ends = _segment(bodies)
    count = data.draw(st.integers(0, len(bodies)))
    delivered = [HEAD_BYTES, *ends][count]
    content = read_segment(file_head(delivered) + whole[HEAD_BYTES:])
    assert [request.body for request in content.requests] == bodies[count:]


@given(st.binary(max_size=300))
def test_other_bytes_are_damage_and_no_exception(data: bytes) -> None:
    content = read_segment(data)
    assert content.damaged_bytes + sum(len(r.body) + FRAME_BYTES for r in content.requests) <= len(data)


def test_requests_without_a_checksum_are_read(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "1.segment")
    writer.note(NotedRequest([b"he", b"llo"], 5, 2))
    writer.close()
    (request,) = read_segment((tmp_path / "1.segment").read_bytes()).requests
    assert (request.body, request.spans) == (b"hello", 2)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SegmentWriter(tmp_path / "1.segment")
    writer.append(b"before", 1)
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        write(descriptor, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        writer.append(b"too much", 1)
    monkeypatch.undo()
    writer.append(b"after", 1)
    writer.close()
    content = read_segment((tmp_path / "1.segment").read_bytes())
    assert [request.body for request in content.requests] == [b"before", b"after"]
    assert content.damaged_bytes == 0


def test_a_write_that_the_system_takes_in_parts_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def by_threes(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[:3])

    monkeypatch.setattr(os, "write", by_threes)
    writer = SegmentWriter(tmp_path / "1.segment")
    writer.note(NotedRequest([b"one", b"two", b"six"], 9, 1))
    writer.close()
    (request,) = read_segment((tmp_path / "1.segment").read_bytes()).requests
    assert request.body == b"onetwosix"


def test_a_segment_is_its_writers_until_that_ends_and_then_one_readers(tmp_path: Path) -> None:
    path = tmp_path / "1.segment"
    writer = SegmentWriter(path)
    writer.append(b"x", 1)
    with claimed(path) as segment:
        assert segment is None
    writer.close()
    with claimed(path) as first, claimed(path) as second:
        assert first is not None
        assert second is None
        first.delivered(first.content.requests[0])
    with claimed(path) as segment:
        assert segment is not None
        assert segment.content.requests == []
        assert segment.finish() is None
    assert waiting_segments(tmp_path) == []
    with claimed(path) as segment:
        assert segment is None


def test_the_lock_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from outcrop.spooling.segment import NotedRequest
from outcrop.spooling.writer import SegmentWriter
writer = SegmentWriter(Path(sys.argv[1]))
writer.note(NotedRequest([b"left"], 4, 1))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "1.segment"
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=120, check=False)  # noqa: S603  # our own program
    assert done.returncode != 0
    with claimed(path) as segment:
        assert segment is not None
        assert [request.body for request in segment.content.requests] == [b"left"]


def test_a_file_that_is_begun_anew_shows_nothing_of_before_whatever_it_is_torn_at(tmp_path: Path) -> None:
    path = tmp_path / "1.segment"
    writer = SegmentWriter(path)
    for number in range(5):
        writer.note(NotedRequest([b"old %d" % number], 5, 1))
    writer.clear()
    before = path.read_bytes()
    writer.note(NotedRequest([b"new request"], 11, 1))
    after = path.read_bytes()
    writer.close()
    assert read_segment(before).requests == []
    assert [request.body for request in read_segment(after).requests] == [b"new request"]
    for cut in range(HEAD_BYTES, len(after)):
        # The kernel writes in order: new bytes as far as the cut, old ones behind it.
        torn = read_segment(after[:cut] + before[cut:])
        assert [request.body for request in torn.requests] in ([], [b"new request"])


@pytest.mark.skipif(not hasattr(os, "writev"), reason="the system does not gather pieces")
@pytest.mark.parametrize("taken", [0, 1, 20, 20_000, 40_000])
def test_pieces_of_which_the_system_takes_a_part_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    writer = SegmentWriter(tmp_path / "a.segment")

    def write_a_part(descriptor: int, pieces: list[bytes]) -> int:
        return os.write(descriptor, b"".join(pieces)[:taken])

    monkeypatch.setattr(os, "writev", write_a_part)
    pieces = [bytes([number % 256]) * 500 for number in range(100)]
    writer.note(NotedRequest(pieces, 50_000, 7))
    writer.note(NotedRequest([b"small"], 5, 1))
    content = read_segment((tmp_path / "a.segment").read_bytes())
    assert [request.body for request in content.requests] == [b"".join(pieces), b"small"]
    assert (content.spans, content.damaged_bytes) == (8, 0)
    writer.remove()


def test_more_pieces_than_the_system_gathers_at_once(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "a.segment")
    pieces = [b"0123456789"] * 5_000
    writer.note(NotedRequest(pieces, 50_000, 7))
    content = read_segment((tmp_path / "a.segment").read_bytes())
    assert [request.body for request in content.requests] == [b"".join(pieces)]
    writer.remove()
