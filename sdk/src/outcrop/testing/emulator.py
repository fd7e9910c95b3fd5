"""The emulator as users hold it: start, stop, script, look at what came, make a client."""

from __future__ import annotations

import errno
from types import TracebackType
from typing import TYPE_CHECKING, Any

from outcrop.testing.clients import make_client
from outcrop.testing.dispatcher import Dispatcher
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import ScriptedReply
from outcrop.testing.script_book import Script, ScriptBook

if TYPE_CHECKING:
    from typing_extensions import Self

    from outcrop.testing.server import EmulatorServer


class BedrockEmulator:
    """A stand-in for the Bedrock runtime endpoint, on this machine, over real HTTP.

    Without a script a model answers with words about the question, or calls the first tool offered.

    Example:
        >>> with BedrockEmulator() as emulator:
        ...     emulator.script("amazon.nova-lite-v1:0", Reply("Hello!"))
        ...     answer = emulator.client().converse(
        ...         modelId="amazon.nova-lite-v1:0",
        ...         messages=[{"role": "user", "content": [{"text": "Hi"}]}],
        ...     )

    Args:
        port: port to listen on; 0 takes a free one.
        host: address to listen on. Whoever reaches it may call, so keep it on loopback.
        default_chunk_delay_s: seconds between the events of an unscripted stream.
    """

    def __init__(
        self, port: int = 0, host: str = "127.0.0.1", *, default_chunk_delay_s: float = 0.02
    ) -> None:
        self._host = host
        self._port = port
        self._book = ScriptBook()
        self._dispatcher = Dispatcher(self._book, default_chunk_delay_s)
        self._server: EmulatorServer | None = None
        self._clients: list[Any] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """Where it listens: boto3's `endpoint_url`, or `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`.

        Raises:
            RuntimeError: it is not started.
        """
        if self._server is None:
            raise RuntimeError("The emulator is not started: use it in a `with` block or call start().")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.port}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """What came so far, oldest first; each of boto3's retries is one."""
        return self._dispatcher.recorded()

    @property
    def default_chunk_delay_s(self) -> float:
        """Seconds between the events of an unscripted stream."""
        return self._dispatcher.default_chunk_delay_s

    @default_chunk_delay_s.setter
    def default_chunk_delay_s(self, value: float) -> None:
        self._dispatcher.default_chunk_delay_s = value

    def start(self) -> Self:
        """Listen. Does nothing if it does already.

        Returns:
            The emulator itself.

        Raises:
            OSError: the address cannot be had, for example because the port is in use.
        """
        if self._server is None:
            from outcrop.testing.server import EmulatorServer  # noqa: PLC0415 - keeps the import light

            try:
                self._server = EmulatorServer(self._host, self._port, self._dispatcher)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                problem = f"Port {self._port} on {self._host} is already in use"
                raise OSError(errno.EADDRINUSE, problem) from error
            self._server.start()
        return self

    def stop(self) -> None:
        """Close the port, every connection and every client made here. Does nothing if it is not started."""
        clients, self._clients = self._clients, []
        for client in clients:
            client.close()
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def script(self, model_id: str, *replies: ScriptedReply, repeat_last: bool = True) -> None:
        """Say what a model answers, call by call, in place of what was said before.

        Args:
            model_id: the id exactly as callers name it, an ARN included. For `ApplyGuardrail` it is the
                guardrail's identifier, for other operations that ask no model the operation's name.
            replies: `Reply`, `RawBody`, `ServiceError` (or a ready one such as `Throttling`),
                `StreamFailure`, `Disconnect`, a string for plain text, or a callable that takes the
                `RecordedRequest` and returns one of these. `GuardrailVerdict` answers `ApplyGuardrail`,
                `AsyncOutcome` answers `StartAsyncInvoke`, `JsonReply` what asks no model.
            repeat_last: whether the last reply answers all further calls; otherwise the default one does.

        Raises:
            ValueError: no reply is given.
        """
        self._book.put(model_id, Script(replies, repeat_last))

    def reset(self) -> None:
        """Forget all scripts, all recorded requests and all jobs that were started."""
        self._book.clear()
        self._dispatcher.forget()

    def client(self, service: str = "bedrock-runtime", **options: Any) -> Any:
        """A real boto3 client that talks to this emulator; closed when it stops.

        Args:
            service: the AWS service's name.
            options: for `boto3.client`, in place of the defaults: dummy credentials, region us-east-1,
                this endpoint, no proxies.

        Returns:
            The client. Its class is made by boto3 at run time.

        Raises:
            ImportError: boto3 is not installed.
            RuntimeError: the emulator is not started.
        """
        client = make_client(self.endpoint_url, service, options)
        self._clients.append(client)
        return client
