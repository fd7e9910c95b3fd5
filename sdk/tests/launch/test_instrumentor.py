"""OpenTelemetry's launcher switches Outcrop on, and OpenTelemetry's protocol for that is kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from outcrop.launch.instrumentor import OutcropInstrumentor
from outcrop.testing import BedrockEmulator
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import environment
from sdk.tests.launch.test_run import ASK, MODEL

NAMES = [f"chat {MODEL}"]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


@pytest.fixture
def env(collector: Collector, bedrock_emulator: BedrockEmulator, tmp_path: Path) -> dict[str, str]:
    return environment(
        collector,
        tmp_path,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock_emulator.endpoint_url,
        AWS_ACCESS_KEY_ID="made-up",
        AWS_SECRET_ACCESS_KEY="made-up",
        AWS_DEFAULT_REGION="us-east-1",
        OTEL_TRACES_EXPORTER="none",
        OTEL_METRICS_EXPORTER="none",
        OTEL_LOGS_EXPORTER="none",
    )


def _run(command: list[str], folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603  # our own program
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("early", ["import boto3\n", ""], ids=["boto3 is loaded", "boto3 comes later"])
def test_instrument_switches_on_and_uninstrument_off(
    early: str, collector: Collector, tmp_path: Path, env: dict[str, str]
) -> None:
    program = f"""{early}
from outcrop.launch.instrumentor import OutcropInstrumentor as Instrumentor
assert not Instrumentor().is_instrumented_by_opentelemetry
Instrumentor().instrument(skip_dep_check=True)
assert Instrumentor().is_instrumented_by_opentelemetry
{ASK}
Instrumentor().uninstrument()
assert not Instrumentor().is_instrumented_by_opentelemetry
{ASK}
"""
    _run([sys.executable, "-c", program], tmp_path, env)
    assert [span.name for span in collector.spans] == NAMES


def test_it_has_the_methods_of_opentelemetrys_instrumentors() -> None:
    instrumentor: Any = pytest.importorskip(
        "opentelemetry.instrumentation.instrumentor",
        reason="opentelemetry-instrumentation is not installed in this environment",
    )
    theirs: Any = instrumentor.BaseInstrumentor
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public <= set(dir(OutcropInstrumentor))
    (requirement,) = OutcropInstrumentor().instrumentation_dependencies()
    dependencies = pytest.importorskip("opentelemetry.instrumentation.dependencies")
    assert dependencies.get_dependency_conflicts([requirement]) is None


@pytest.mark.parametrize(("disabled", "names"), [("", NAMES), ("redis, outcrop", [])])
def test_opentelemetry_instrument_switches_it_on_unless_told_otherwise(
    disabled: str, names: list[str], collector: Collector, tmp_path: Path, env: dict[str, str]
) -> None:
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    if not launcher.exists():
        pytest.skip("opentelemetry-instrumentation is not installed in this environment")
    if not entry_points(group="opentelemetry_instrumentor", name="outcrop"):
        pytest.skip("Outcrop is importable here, but not installed: its entry point is unknown")
    (tmp_path / "program.py").write_text(ASK)
    env["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = disabled
    _run([str(launcher), sys.executable, "program.py"], tmp_path, env)
    assert [span.name for span in collector.spans] == names
