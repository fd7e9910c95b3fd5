"""Spans while they are made: our own light implementation of OpenTelemetry's tracing API."""
