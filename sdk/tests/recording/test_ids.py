"""Ids never repeat: not by the program's seed, not after a fork."""

from __future__ import annotations

import os
import random

import pytest

from outcrop.recording.ids import root_ids


def test_a_seeded_program_gets_new_ids_each_time() -> None:
    random.seed(42)
    first = root_ids()
    random.seed(42)
    assert root_ids() != first
    assert (len(first[0]), len(first[1])) == (16, 8)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_ids_of_its_own() -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, b"".join(root_ids()))
        os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(reader, 24)
    os.close(reader)
    os.close(writer)
    assert theirs != b"".join(root_ids())
