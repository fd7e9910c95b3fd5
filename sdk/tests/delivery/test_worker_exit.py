"""Worker processes: each delivers its own spans under its own number, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import came_from, run, steps

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


def test_a_forked_child_says_its_own_process_id(collector: Collector, tmp_path: Path) -> None:
    program = """
step("parent")
outcrop.flush()
pid = os.fork()
if pid == 0:
    step("child")
else:
    os.waitpid(pid, 0)
    print(os.getpid(), pid)
"""
    code, printed = run(program, collector, tmp_path)
    assert code == 0
    parent, child = map(int, printed.split())
    assert steps(collector) == ['{"name": "child"}', '{"name": "parent"}']
    assert came_from(collector, parent)
    assert came_from(collector, child)


def test_a_fork_waits_for_what_delivery_is_importing(collector: Collector, tmp_path: Path) -> None:
    # Else the child has half a module for ever, or waits for a thread that is not there.
    program = """
import importlib.abc, time
importing = threading.Event()
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "email.parser":  # in the midst of http.client
            importing.set()
            time.sleep(0.3)
sys.meta_path.insert(0, Slow())
step("parent")
importing.wait()
pid = os.fork()
if pid == 0:
    step("child")
    os._exit(0 if outcrop.flush(20) else 1)
print(os.waitpid(pid, 0)[1])
"""
    assert run(program, collector, tmp_path) == (0, "0\n")
    assert steps(collector) == ['{"name": "child"}', '{"name": "parent"}']


@pytest.mark.parametrize("begins", ["before the fork", "in the worker"])
def test_a_worker_of_multiprocessing_delivers_before_it_ends(
    begins: str, collector: Collector, tmp_path: Path
) -> None:
    program = """
import multiprocessing
def work(name):
    step(name)
fork = multiprocessing.get_context("fork")
workers = [fork.Process(target=work, args=(name,)) for name in ("a", "b")]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(*[worker.exitcode for worker in workers])
print(*[worker.pid for worker in workers])
"""
    first = "step('parent')\n" if begins == "before the fork" else ""
    code, printed = run(first + program, collector, tmp_path)
    codes, pids = printed.splitlines()
    assert (code, codes) == (0, "0 0")
    assert steps(collector)[:2] == ['{"name": "a"}', '{"name": "b"}']
    assert all(came_from(collector, int(pid)) for pid in pids.split())


def test_a_worker_that_is_terminated_delivers_and_dies_of_sigterm(
    collector: Collector, tmp_path: Path
) -> None:
    program = """
import multiprocessing
fork = multiprocessing.get_context("fork")
ready = fork.Event()
def work():
    step("worker")
    ready.set()
    threading.Event().wait()
step("parent")
worker = fork.Process(target=work)
worker.start()
ready.wait()
worker.terminate()
worker.join()
print(worker.exitcode)
"""
    assert run(program, collector, tmp_path) == (0, "-15\n")
    assert steps(collector) == ['{"name": "parent"}', '{"name": "worker"}']


@pytest.mark.parametrize("begins", ["before the fork", "in the worker"])
def test_a_worker_that_celery_replaces_delivers_at_its_signal(
    begins: str, collector: Collector, tmp_path: Path
) -> None:
    # As Celery's prefork pool ends a worker: it sends the signal, then leaves without finalizers.
    program = """
import types
handlers = {}
def connect(handler, weak, dispatch_uid): handlers[dispatch_uid] = handler
signals = types.ModuleType("celery.signals")
signals.worker_process_shutdown = types.SimpleNamespace(connect=connect)
sys.modules["celery.signals"] = signals
"""
    work = """
pid = os.fork()
if pid == 0:
    step("worker")
    for handler in handlers.values(): handler(sender=None, pid=os.getpid(), exitcode=0)
    os._exit(0)
os.waitpid(pid, 0)
"""
    first = "step('parent'); outcrop.flush()\n" if begins == "before the fork" else ""
    assert run(program + first + work, collector, tmp_path)[0] == 0
    assert '{"name": "worker"}' in steps(collector)
