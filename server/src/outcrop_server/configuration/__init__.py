"""Options: one table, out of which flags, variables, file, help and documentation are made."""
