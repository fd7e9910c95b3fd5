"""OTLP over gRPC: calls come in by the rules of OTLP over HTTP and end in the same ingest. Needs grpcio."""
