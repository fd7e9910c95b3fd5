"""`outcrop traces`: traces in the terminal, read from a server or a store."""
