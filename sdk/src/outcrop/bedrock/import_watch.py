"""Acts on a module when the program has imported it, without importing it for its own sake."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from outcrop.capture.faults import report_fault

Action = Callable[[ModuleType], None]


def when_imported(name: str, action: Action) -> None:
    """Runs `action` with the module: now if it is loaded, else when its import is done; once a name."""
    module = sys.modules.get(name)
    if module is not None:
        action(module)
    elif not any(isinstance(finder, _Watch) and finder.name == name for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch(name, action))


class _Watch(MetaPathFinder):
    """Sees one import, and has the other finders do it."""

    def __init__(self, name: str, action: Action) -> None:
        self.name = name
        self._action = action

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The other finders' spec, with a loader that tells us when it is done."""
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            find: Any = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None and spec.loader is not None:
                spec.loader = _TellingLoader(spec.loader, self._action)
                return spec
        return None


class _TellingLoader(Loader):
    """Loads as the real loader does, then acts."""

    def __init__(self, loader: Any, action: Action) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The real loader's module."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module, then acts on it; a fault of ours does not fail the import."""
        self._loader.exec_module(module)
        # From here on the module shows the loader that it came from.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        try:
            self._action(module)
        except Exception as error:  # noqa: BLE001  # the program's import comes first
            report_fault(f"instrumenting {module.__name__}", error)
