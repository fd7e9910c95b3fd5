"""What comes in: OTLP over HTTP and the spool on disk, turned into rows for the store."""
