"""The default engine: one SQLite file, one writer at a time, many readers."""
