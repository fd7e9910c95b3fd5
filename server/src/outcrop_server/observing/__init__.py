"""What can be seen of a running server: numbers, readiness, and a log line a request."""
