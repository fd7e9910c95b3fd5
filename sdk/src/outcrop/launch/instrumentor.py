"""The entry point `opentelemetry_instrumentor`, by which `opentelemetry-instrument` switches Outcrop on.

It keeps to the methods of OpenTelemetry's `BaseInstrumentor` without deriving from it: the package that
has it is no dependency of ours.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from outcrop.bedrock.autolog import autolog, autolog_on_import


class OutcropInstrumentor:
    """Outcrop as one of OpenTelemetry's instrumentors; where traces go is still `OUTCROP_TRACKING_URI`."""

    _is_on = False

    @property
    def is_instrumented_by_opentelemetry(self) -> bool:
        """Whether `instrument` was called last."""
        return OutcropInstrumentor._is_on

    def instrumentation_dependencies(self) -> Collection[str]:
        """What is traced, as a requirement; Outcrop looks for itself whether it is there."""
        return ("botocore >= 1.35.20",)

    def instrument(self, **options: Any) -> None:  # noqa: ARG002  # OpenTelemetry's own, of no use here
        """Has tracing begin when the program imports botocore, or now if it has.

        Raises:
            ConfigurationError: the environment names no valid destination.
        """
        autolog_on_import()
        OutcropInstrumentor._is_on = True

    def uninstrument(self, **options: Any) -> None:  # noqa: ARG002  # as above
        """Ends tracing."""
        autolog(disable=True)
        OutcropInstrumentor._is_on = False
