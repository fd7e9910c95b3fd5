"""Upkeep of the SQLite store's file by `outcrop db`: looking, checking, copying, shrinking, migrating."""
