"""Spans in the form that back ends other than Outcrop read: the conventions' words, no raw exchange."""
