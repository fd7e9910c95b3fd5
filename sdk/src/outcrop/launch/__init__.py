"""Tracing programs that say nothing of it: the command `outcrop run`, and OpenTelemetry's own launcher."""
