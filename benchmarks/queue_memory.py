"""What does the queue take at its limit, with no server and no disk, and what does a further span cost then?

Resident megabytes before, at the limit and after 50,000 further spans; CPU microseconds of a further span.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Characters that each span's output is padded to: for limits of count, and for those of bytes.
SUBJECTS = {"small spans": 0, "large spans (16 KB)": 16_000}
FURTHER = 50_000
# Should the limit not be met, the program ends all the same.
MOST = 200_000
CHILD = f"""
import json, os, sys, time, logging
import outcrop
logging.disable(logging.CRITICAL)
page = os.sysconf("SC_PAGE_SIZE")
padding = int(sys.argv[1])

@outcrop.trace
def step(number):
    return str(number).rjust(padding)

def resident_mb():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * page / 2**20

for number in range(1000):
    str(number).rjust(padding)
step(0)
before, spans = resident_mb(), 0
while not outcrop.stats().dropped and spans < {MOST}:
    step(spans)
    spans += 1
waiting, full = outcrop.stats().waiting, resident_mb()
cpu, here = time.process_time_ns(), time.thread_time_ns()
for number in range({FURTHER}):
    step(number)
here_us, all_us = (time.thread_time_ns() - here) / 1000, (time.process_time_ns() - cpu) / 1000
print(json.dumps([before, waiting, full, resident_mb(), here_us / {FURTHER}, all_us / {FURTHER}]), flush=True)
os._exit(0)
"""


def unused_port() -> int:
    """A port where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def main() -> None:
    """Measures each size in a process of its own, whose spool cannot be made: a file stands in its place."""
    with tempfile.NamedTemporaryFile() as in_the_way:
        for subject, padding in SUBJECTS.items():
            env = {
                **os.environ,
                "PYTHONPATH": str(ROOT / "sdk" / "src"),
                "OUTCROP_DELIVERY": "memory",
                "OUTCROP_SPOOL_DIR": in_the_way.name,
                "OUTCROP_TRACKING_URI": f"http://127.0.0.1:{unused_port()}",
            }
            command = [sys.executable, "-c", CHILD, str(padding)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)  # noqa: S603
            before, waiting, full, after, here_us, all_us = json.loads(done.stdout)
            print(
                f"{subject}: {before:.1f} MB before, {full:.1f} with {waiting:,} that wait, "
                f"{after:.1f} after {FURTHER:,} more; a further one takes {here_us:.1f} us of the program's "
                f"thread, {all_us:.1f} in all"
            )


if __name__ == "__main__":
    main()
