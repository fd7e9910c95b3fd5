"""What the child of `FillerApart` runs for a ClickHouse store; see `common.filling_child`."""

from __future__ import annotations

import json

from outcrop_server.storage.common.filling_child import Server, begin, nobody_waits


def main() -> None:
    """Fills the index of the store of which it is told: address, cluster, how long traces are left alone."""
    server = Server()
    server.start()
    # Not above: who starts this process needs but the word, and a server that stops at once need not wait.
    from outcrop_server.otlp.text import read_text  # noqa: PLC0415
    from outcrop_server.storage.clickhouse.address import read_address  # noqa: PLC0415
    from outcrop_server.storage.clickhouse.client import Client  # noqa: PLC0415
    from outcrop_server.storage.clickhouse.words.filler import Filler  # noqa: PLC0415

    begin()
    uri, cluster, settle_s = json.loads(server.store)
    client = Client(read_address(uri), cluster)
    filler = Filler(client, read_text, nobody_waits, cluster, settle_s)
    server.speaks_to(filler)
    filler.run()
    client.close()
