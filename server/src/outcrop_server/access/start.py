"""What has to be so before a server starts: elsewhere than on loopback callers must be asked who they are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from outcrop_server.settings import SettingsError, is_loopback

if TYPE_CHECKING:
    from outcrop_server.access.book import TokenBook
    from outcrop_server.settings import Settings

_log = logging.getLogger(__name__)


def check_start(settings: Settings, book: TokenBook) -> None:
    """Refuses to open the traces to a network.

    Raises:
        SettingsError: the server can be reached from elsewhere, and would ask nobody for a token.
    """
    if is_loopback(settings.host):
        return
    if settings.allow_anonymous:
        _log.warning("Whoever reaches %s can read and delete every trace (--allow-anonymous).", settings.host)
        return
    if not book.has_valid:
        raise SettingsError(
            f"'{settings.host}' can be reached from other machines, and the store {settings.store} has no "
            "valid token by which they could be told apart. Make one with `outcrop tokens create --name me "
            f"--role admin --store {settings.store}`, or use 127.0.0.1; or, if everyone there may read and "
            "delete all traces, say so with --allow-anonymous (OUTCROP_ALLOW_ANONYMOUS=1)."
        )
    if settings.tls_cert is None and not settings.trusted_proxies:
        _log.warning(
            "Tokens and traces cross the network to %s in the open: give --tls-cert and --tls-key, or put a "
            "proxy with TLS before the server.",
            settings.host,
        )
