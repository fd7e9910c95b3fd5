"""Spans of the user's own functions, and reading traces back."""
