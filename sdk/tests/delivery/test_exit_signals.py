"""SIGTERM: what waited is delivered, and nothing else about the signal changes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcrop.exceptions import ConfigurationError
from outcrop.settings import read_settings
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import run, start, steps

pytestmark = pytest.mark.skipif(os.name != "posix", reason="this system has no SIGTERM")

KILLED = -signal.SIGTERM
KILL_MYSELF = "os.kill(os.getpid(), signal.SIGTERM)\n"
BEFORE = ['{"name": "before"}']


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


def test_sigterm_still_ends_the_program_and_its_spans_have_arrived(
    collector: Collector, tmp_path: Path
) -> None:
    code, printed = run(f"step('before')\n{KILL_MYSELF}print('still here')", collector, tmp_path)
    assert (code, printed) == (KILLED, "")
    assert steps(collector) == BEFORE


def test_a_program_that_waits_is_ended_too(collector: Collector, tmp_path: Path) -> None:
    program = "step('before')\nprint('up', flush=True)\nthreading.Event().wait()"
    process = start(program, collector, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == KILLED
    assert steps(collector) == BEFORE


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_handler_of_the_programs_own_is_the_one_that_runs(
    order: str, collector: Collector, tmp_path: Path
) -> None:
    install = "signal.signal(signal.SIGTERM, lambda *_: (print('mine'), sys.exit(3)))\n"
    lines = [install, "step('before')\n"] if order == "before" else ["step('before')\n", install]
    code, printed = run("".join(lines) + KILL_MYSELF, collector, tmp_path)
    assert (code, printed) == (3, "mine\n")
    assert steps(collector) == BEFORE


def test_a_handler_that_calls_the_one_before_it_ends_the_program_as_without_outcrop(
    collector: Collector, tmp_path: Path
) -> None:
    program = """
step('before')
former = signal.getsignal(signal.SIGTERM)
def mine(number, frame):
    print('mine', flush=True)
    former(number, frame)
signal.signal(signal.SIGTERM, mine)
"""
    assert run(program + KILL_MYSELF, collector, tmp_path) == (KILLED, "mine\n")
    assert steps(collector) == BEFORE


def test_a_program_that_ignores_sigterm_goes_on(collector: Collector, tmp_path: Path) -> None:
    program = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nstep('before')\n" + KILL_MYSELF
    assert run(program + "print('still here')", collector, tmp_path) == (0, "still here\n")


def test_a_handler_below_python_is_left_alone(collector: Collector, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells of handlers that Python does not know")
    program = """
import ctypes
handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: os.write(1, b'host'))
ctypes.CDLL(None).signal(signal.SIGTERM, handler)
step('before')
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    assert run(program + KILL_MYSELF, collector, tmp_path) == (0, "host")


def test_outside_the_main_thread_nothing_is_set_up_and_nothing_fails(
    collector: Collector, tmp_path: Path
) -> None:
    program = """
thread = threading.Thread(target=step, args=("before",))
thread.start()
thread.join()
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    assert run(program, collector, tmp_path) == (0, "True\n")
    assert steps(collector) == BEFORE


def test_it_can_be_switched_off(collector: Collector, tmp_path: Path) -> None:
    program = "step('before')\nprint(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    for value, is_default in (("0", "True\n"), ("1", "False\n"), ("", "False\n")):
        assert run(program, collector, tmp_path, OUTCROP_DELIVER_ON_SIGTERM=value) == (0, is_default)
    with pytest.raises(ConfigurationError, match="OUTCROP_DELIVER_ON_SIGTERM is 'maybe': give 1, true"):
        read_settings({"OUTCROP_DELIVER_ON_SIGTERM": "maybe"})


DIRECT = "from outcrop.delivery import exit_signals\n"


def test_a_lock_that_the_interrupted_code_holds_does_not_keep_the_process(
    collector: Collector, tmp_path: Path
) -> None:
    program = """
exit_signals._GRACE_S = 0.1
lock = threading.Lock()
exit_signals.deliver_on_sigterm(lock.acquire, lock.acquire)
with lock:
    os.kill(os.getpid(), signal.SIGTERM)
"""
    assert run(DIRECT + program, collector, tmp_path) == (KILLED, "")


def test_a_second_sigterm_does_not_wait_for_the_first(collector: Collector, tmp_path: Path) -> None:
    program = """
exit_signals._GRACE_S = 3600
def shutdown():
    print('delivering', flush=True)
    threading.Event().wait()
exit_signals.deliver_on_sigterm(shutdown, shutdown)
os.kill(os.getpid(), signal.SIGTERM)
"""
    process = start(DIRECT + program, collector, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "delivering\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == KILLED
    process.communicate()


def test_the_first_process_of_a_container_delivers_and_lives_on(collector: Collector, tmp_path: Path) -> None:
    program = """
exit_signals._INIT_PID = os.getpid()
exit_signals.deliver_on_sigterm(lambda: print('flush', flush=True), lambda: print('shutdown', flush=True))
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGTERM)
print('still here')
"""
    assert run(DIRECT + program, collector, tmp_path) == (0, "flush\nflush\nstill here\n")


def test_a_fault_of_ours_does_not_keep_the_process(collector: Collector, tmp_path: Path) -> None:
    program = """
exit_signals.deliver_on_sigterm(lambda: 1 / 0, lambda: 1 / 0)
os.kill(os.getpid(), signal.SIGTERM)
"""
    process = start(DIRECT + program, collector, tmp_path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == KILLED
    assert "delivering spans at SIGTERM" in errors
