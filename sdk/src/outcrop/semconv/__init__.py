"""Attribute names: OpenTelemetry's GenAI conventions (`gen_ai`) and our own (`outcrop_attributes`)."""
