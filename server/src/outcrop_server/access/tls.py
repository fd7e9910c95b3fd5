"""Checks a certificate and its key before anything starts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from outcrop_server.settings import SettingsError

if TYPE_CHECKING:
    from outcrop_server.settings import Settings


def check_tls(settings: Settings) -> None:
    """Loads them once.

    Raises:
        SettingsError: they cannot be used; says why.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return
    for flag, file in (("--tls-cert", settings.tls_cert), ("--tls-key", settings.tls_key)):
        if not file.is_file():
            raise SettingsError(f"{flag} is {file}, and there is no such file.")
    try:
        # Without a password, since OpenSSL would stop to ask for one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, password=""
        )
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used: {error}. "
            "Both must be PEM files that belong together, the key without a password."
        ) from error
