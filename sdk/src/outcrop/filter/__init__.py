"""The language in which traces are searched: text to a tree of conditions, and that tree over a trace."""
