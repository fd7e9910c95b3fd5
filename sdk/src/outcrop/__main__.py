"""Entry of `python -m outcrop`; the command lives in `launch/command.py`."""

from __future__ import annotations

import sys

from outcrop.launch.command import main

if __name__ == "__main__":
    sys.exit(main())
