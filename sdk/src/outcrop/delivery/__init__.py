"""The way out: encoding, the queue and its thread, the spool on disk, and the destinations."""
