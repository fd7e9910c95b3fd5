"""Attribute names: OpenTelemetry's (`gen_ai`), our own (`outcrop_attributes`) and `open_inference`."""
