"""Imported by a Python that `outcrop run` starts, before the program begins; switches tracing on.

Only this file lies in its folder, which is in PYTHONPATH for as long as it takes. Whatever else is called
`sitecustomize` is imported in its place.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import PathFinder
from pathlib import Path

_NAME = "sitecustomize"
_folder = str(Path(__file__).resolve().parent)


def _begin() -> None:
    # A command may start a Python in which Outcrop is not installed.
    if importlib.util.find_spec("outcrop") is None:
        sys.path[:] = [entry for entry in sys.path if entry != _folder]
        sys.stderr.write(f"outcrop: not installed for {sys.executable}, so this program is not traced.\n")
        return
    from outcrop.launch.start import start  # noqa: PLC0415  # only where it is installed

    start(_folder)


def _make_way() -> None:
    """Imports the machine's or the user's own; without one, ends as the import of a missing module does."""
    spec = PathFinder.find_spec(_NAME)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {_NAME!r}", name=_NAME)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)


_begin()
_make_way()
