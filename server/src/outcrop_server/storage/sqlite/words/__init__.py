"""The index of words: which traces say what, in a file of its own beside the store (ADR 11)."""
