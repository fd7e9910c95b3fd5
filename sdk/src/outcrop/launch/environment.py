"""The sign by which a Python that starts knows that it is to be traced: a folder first in PYTHONPATH.

Put there by `outcrop run`, taken away by the process that acts on it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_FOLDER = str(Path(__file__).resolve().parent / "startup")
_PATH = "PYTHONPATH"
# Set where the programs that a traced one starts are to be traced too.
_CHILDREN = "OUTCROP_RUN_CHILDREN"
_LOCALE = "LC_CTYPE"


def traced_environment(environment: Mapping[str, str], *, has_children: bool) -> dict[str, str]:
    """The environment of a program that is to be traced, from the one it would have."""
    traced = {name: value for name, value in environment.items() if name != _CHILDREN}
    path = without_folder(traced.get(_PATH, ""))
    traced[_PATH] = os.pathsep.join([_FOLDER, path] if path else [_FOLDER])
    if has_children:
        traced[_CHILDREN] = "1"
    return traced


def found_environment() -> dict[str, str]:
    """What this process was started with.

    In the locale "C", Python sets LC_CTYPE for its children (PEP 538); the program must not find that
    done. Linux alone tells how it was, and elsewhere that locale is rare.
    """
    found = dict(os.environ)
    try:
        entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return found
    head = f"{_LOCALE}=".encode()
    given = next((entry.removeprefix(head) for entry in entries if entry.startswith(head)), None)
    if given is None:
        found.pop(_LOCALE, None)
    else:
        found[_LOCALE] = os.fsdecode(given)
    return found


def take_sign_away(folder: str, environment: MutableMapping[str, str]) -> None:
    """In the program: leaves its import path and its environment as they would be with plain Python.

    Args:
        folder: the one that was found in PYTHONPATH; Outcrop may be installed here and there.
        environment: the process's own.
    """
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    if environment.get(_CHILDREN):
        return
    path = without_folder(environment.get(_PATH, ""), folder)
    if path:
        environment[_PATH] = path
    else:
        environment.pop(_PATH, None)


def without_folder(path: str, folder: str = _FOLDER) -> str:
    """A search path without our folder."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry != folder)
