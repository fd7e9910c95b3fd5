"""Entry of `python -m outcrop.testing`; the command lives in `command.py`."""

from __future__ import annotations

import sys

from outcrop.testing.command import main

if __name__ == "__main__":
    sys.exit(main())
