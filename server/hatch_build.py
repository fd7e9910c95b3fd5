"""Build-time metadata of the `outcrop` distribution: its SDK dependency is pinned to its own version."""

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

THIRD_PARTY = [
    "click>=8.1",
    "fastapi>=0.115",
    "genai-prices>=0.1",
    "httptools>=0.6",
    "opentelemetry-proto>=1.27",
    "orjson>=3.10",
    "prometheus-client>=0.20",
    "rich>=13",
    "tomli>=2; python_version < '3.11'",
    "uvicorn>=0.30",
    "zstandard>=0.22",
]


class PinnedSdk(MetadataHookInterface):
    """Adds `outcrop-tracing` of exactly this version to the dependencies."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Hatchling's hook: `metadata` has the version already."""
        metadata["dependencies"] = [f"outcrop-tracing=={metadata['version']}", *THIRD_PARTY]
