"""Reads and writes OTLP protobuf bytes. Pure."""
