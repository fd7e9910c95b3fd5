"""Addresses to listen on: found, tried before anything else is started, and said in words that help."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from outcrop_server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Generator

_BACKLOG = 2048


class PortInUseError(SettingsError):
    """Something else listens there. The message says what to do."""


@contextmanager
def listening_socket(host: str, port: int, flag: str = "--port") -> Generator[socket.socket, None, None]:
    """A listening socket.

    Args:
        host: a name or address.
        port: 0 for any that is free.
        flag: by which another port can be chosen.

    Raises:
        PortInUseError: something else listens there.
        SettingsError: nobody can listen there.
    """
    family, kind, protocol, address = _resolved(host, port)
    # With the protocol named, asyncio switches Nagle's algorithm off: without, each answer waits 40 ms.
    with socket.socket(family, kind, protocol) as found:
        if os.name == "posix":  # elsewhere it would allow two servers on one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(address)
            found.listen(_BACKLOG)
        except OSError as error:
            raise _bind_error(error, host, port, flag) from error
        yield found


def numeric_address(host: str, port: int) -> str:
    """`address:port` of the address that `listening_socket` would take.

    Raises:
        SettingsError: this machine knows no such host.
    """
    _, _, _, address = _resolved(host, port)
    return _joined(str(address[0]), port)


def url_of(settings: Settings, port: int) -> str:
    """The URL by which a server with these settings is reached on a port."""
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{_joined(settings.host.strip('[]'), port)}"


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolved(
    host: str, port: int
) -> tuple[
    socket.AddressFamily,
    socket.SocketKind,
    int,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"'{host}' is no host that this machine knows: {error.strerror}.") from error
    # Of the two addresses of `localhost` the older one is what clients try.
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, kind, protocol, address


def _bind_error(error: OSError, host: str, port: int, flag: str) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} on {host} is in use. If that is Outcrop already, use it at http://{host}:{port}; "
            f"otherwise choose another port, such as {flag} {port + 1}."
        )
    return SettingsError(
        f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --host or {flag}."
    )
