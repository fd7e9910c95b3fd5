"""`make dev`: the server with reload at 127.0.0.1:5115 and the page with reload at 127.0.0.1:5173."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from bootstrap import ROOT


def main() -> None:
    """Runs both until Ctrl-C; when one ends, the other is ended too."""
    env = {**os.environ, "OUTCROP_STORE": os.environ.get("OUTCROP_STORE", str(ROOT / ".make" / "dev.db"))}
    server = [
        sys.executable, "-m", "uvicorn", "--factory", "outcrop_server.app:create_app_from_environment",
        "--reload", "--reload-dir", "server/src", "--reload-dir", "sdk/src", "--port", "5115",
    ]  # fmt: skip
    page = [str(ROOT / ".make" / "bin" / "npm"), "--prefix", "web", "run", "dev"]
    running = [subprocess.Popen(command, cwd=ROOT, env=env) for command in (server, page)]  # noqa: S603
    try:
        while all(process.poll() is None for process in running):
            try:
                running[0].wait(1)
            except subprocess.TimeoutExpired:
                continue
    except KeyboardInterrupt:
        pass
    finally:
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in running:
            process.wait()


if __name__ == "__main__":
    main()
