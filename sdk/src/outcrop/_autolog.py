"""`outcrop.autolog`: every integration at once. Bedrock is the one there is."""

from __future__ import annotations

from outcrop.bedrock.autolog import autolog as bedrock_autolog


def autolog(*, disable: bool = False, log_traces: bool = True, silent: bool = False) -> None:
    """Switches all tracing of libraries on or off; the arguments are those of `outcrop.bedrock.autolog`."""
    bedrock_autolog(disable=disable, log_traces=log_traces, silent=silent)
