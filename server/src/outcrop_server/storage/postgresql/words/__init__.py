"""Searches for what lies in payloads: the index of words, who fills it, and how it is asked."""
