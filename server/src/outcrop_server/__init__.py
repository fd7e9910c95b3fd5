"""The server: takes spans in over OTLP, stores them, and answers the page and the SDK."""
