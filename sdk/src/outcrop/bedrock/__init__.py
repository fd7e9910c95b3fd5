"""Tracing of Amazon Bedrock: `outcrop.bedrock.autolog()`."""

from outcrop.bedrock.autolog import autolog

__all__ = ["autolog"]
