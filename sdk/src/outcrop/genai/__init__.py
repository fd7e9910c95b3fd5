"""The vocabulary of model calls (messages, usage, streams, views). Knows no AWS and does no I/O."""
