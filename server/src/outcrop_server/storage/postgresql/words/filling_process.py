"""What the child of `FillerApart` runs for a PostgreSQL store; see `common.filling_child`."""

from __future__ import annotations

from outcrop_server.storage.common.filling_child import Server, begin, nobody_waits


def main() -> None:
    """Fills the index of the store that is named."""
    server = Server()
    server.start()
    # Not above: who starts this process needs but the word, and a server that stops at once need not wait.
    from outcrop_server.otlp.text import read_text  # noqa: PLC0415
    from outcrop_server.storage.postgresql.words.filler import Filler  # noqa: PLC0415

    begin()
    filler = Filler(server.store, read_text, nobody_waits)
    server.speaks_to(filler)
    filler.run()
