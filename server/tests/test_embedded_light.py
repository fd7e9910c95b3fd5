from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from outcrop_server.embedded import EmbeddedStore

store = EmbeddedStore(Path(sys.argv[1]))
assert store.ask("GET", "/api/traces", None)[0] == 200
assert store.ask("GET", "/metrics", None)[0] == 404
assert store.ask("GET", "/readyz", None)[0] == 200
store.close()
assert "prometheus_client" not in sys.modules
"""


def test_a_program_that_reads_its_own_store_counts_nothing(tmp_path: Path) -> None:
    """The program may count with that library itself, into a folder that its variables name."""
    command = [sys.executable, "-c", CODE, str(tmp_path / "a.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  # our own
    assert (done.returncode, done.stderr) == (0, "")
