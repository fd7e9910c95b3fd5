"""Does memory grow with the number of calls? Resident megabytes after 5,000 and 20,000 calls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SUBJECTS = ("none", "outcrop+otlp")
CALLS = (5_000, 20_000)
CHILD = """
import json, os, sys
sys.path.insert(0, {folder!r})
import _call_under_test as under_test
client = under_test.make_client("converse")
turn_on, finish, turn_off = under_test.switch({subject!r}) if {subject!r} != "none" else (lambda: None,) * 3
turn_on()
call = under_test.make_call(client, "converse")
page = os.sysconf("SC_PAGE_SIZE")
found = []
for upto, since in (({first}, 0), ({last}, {first})):
    for _ in range(upto - since):
        call()
    finish()
    with open("/proc/self/statm") as statm:
        found.append(int(statm.read().split()[1]) * page / 2**20)
print(json.dumps(found))
"""


def main() -> None:
    """Measures each subject in a process of its own."""
    for subject in SUBJECTS:
        program = CHILD.format(
            folder=str(Path(__file__).parent), subject=subject, first=CALLS[0], last=CALLS[1]
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
        early, late = json.loads(done.stdout)
        print(
            f"{subject:12} {early:.1f} MB after {CALLS[0]:,} calls, +{late - early:.1f} MB after {CALLS[1]:,}"
        )


if __name__ == "__main__":
    main()
