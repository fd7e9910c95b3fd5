"""`outcrop server`: takes traces in, keeps them, and serves the page."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from outcrop_server import serve
from outcrop_server.model.errors import StoreError
from outcrop_server.settings import DEFAULT_PORT, SettingsError, default_store, from_environment


@click.command()
@click.option("--host", help="Name or address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=int, help=f"Port to listen on; 0 takes any that is free.  [default: {DEFAULT_PORT}]"
)
@click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File that keeps the traces.  [default: {default_store()}]",
)
@click.option(
    "--allow-anonymous", is_flag=True, help="Ask nobody for a token: whoever reaches the server may do all."
)
@click.option(
    "--tls-cert",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file with a certificate and its chain: serve HTTPS.  [default: plain HTTP]",
)
@click.option(
    "--tls-key", type=click.Path(dir_okay=False, path_type=Path), help="PEM file with the certificate's key."
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Believe what this proxy says of who asks (address or network; repeatable).  [default: none]",
)
@click.option(
    "--prices",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON file of your own prices, which go before list prices.  [default: none]",
)
def server(  # noqa: PLR0917 - one a flag; click gives them by name
    host: str | None,
    port: int | None,
    store: Path | None,
    prices: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    trusted_proxies: tuple[str, ...],
    *,
    allow_anonymous: bool,
) -> None:
    """Take traces in, keep them, and serve the page."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # uvicorn tells at this level what we say in one line of our own.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        settings = from_environment(
            host=host,
            port=port,
            store=store,
            allow_anonymous=allow_anonymous,
            prices=prices,
            tls_cert=tls_cert,
            tls_key=tls_key,
            trusted_proxies=trusted_proxies,
        )
        serve.run(
            settings, lambda url: click.echo(f"Outcrop is listening on {url} (store: {settings.store})")
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except StoreError as error:
        raise click.ClickException(str(error)) from error
