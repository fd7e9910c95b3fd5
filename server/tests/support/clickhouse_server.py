"""ClickHouse's HTTP interface over one folder of chDB, for tests: as much of it as clickhouse-connect uses.

    python -I clickhouse_server.py FOLDER PORT

Without -I the modules beside it hide Python's own. Port 0 takes a free one; the port is printed when it
listens. It needs chDB's engine, and lz4 and zstandard where a client asks for them. As a real server it may
be killed and started again on its folder. It lacks users, sessions, external tables, progress, cancelling.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, cast

_NO_SETTINGS = {  # what a request says beside them
    *("query", "database", "query_id", "session_id", "session_timeout", "session_check", "user", "password"),
    *("role", "quota_key", "client_protocol_version", "compress", "decompress", "enable_http_compression"),
    *("buffer_size", "wait_end_of_query", "default_format", "send_progress_in_http_headers"),
    *("http_headers_progress_interval_ms", "insert_deduplication_token"),
}
_PARAMETER = "param_"
_TOKEN = "insert_deduplication_token"
_ERROR = re.compile(r"Code: (\d+)\.")
_UNKNOWN, _NOT_IMPLEMENTED, _BAD_ARGUMENTS = "1002", "48", "36"
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
# A statement and its data in one body: they meet at the end of a line.
_INSERT = re.compile(rb"\s*INSERT\s.*?\bFORMAT\s+(\w+)[ \t]*\r?\n", re.IGNORECASE | re.DOTALL)
_ANSWERS = re.compile(rb"\s*\(*\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN|CHECK)\b", re.IGNORECASE)
# Of a killed process, which has the folder until it has gone.
_LOCK_PATIENCE_S = 10.0


class Result(Protocol):
    """What chDB answers."""

    def bytes(self) -> bytes:
        """In the format that was asked for."""
        ...

    def rows_read(self) -> int:
        """Of what was asked, or given to an insert."""
        ...

    def rows_written(self) -> int:
        """By an insert."""
        ...


class Handle(Protocol):
    """A connection to chDB; its settings and its database are its own."""

    def query(self, query: str, format: str, params: dict[str, str] | None = None) -> Result:  # noqa: A002 - chDB's
        """Runs one statement."""
        ...

    def close(self) -> None: ...


class RequestError(Exception):
    """What is answered without asking chDB."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}")


@dataclass(frozen=True)
class Answer:
    """What a statement gave."""

    body: bytes = b""
    format: str | None = None
    summary: dict[str, str] = field(default_factory=dict[str, str])


class Engine:
    """chDB over a folder; one a process."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self.incoming = folder / "incoming"
        # What a killed process left.
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True)
        # As long as one handle is open the engine runs on.
        self._first = self._open_first()
        self.timezone = self._first.query("SELECT timezone()", "TSV").bytes().decode().strip()

    def open(self) -> Handle:
        """One more handle, in 0.4 ms."""
        return cast("Handle", importlib.import_module("chdb").connect(str(self._data)))

    def _open_first(self) -> Handle:
        until = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                return self.open()
            except RuntimeError as error:  # chDB's own is one
                if "EmbeddedServer" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.05)


class Connection:
    """A client's connection: a handle that is told only what changes from one request to the next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handle: Handle | None = None
        self._settings: dict[str, str] = {}
        self._database = ""

    def close(self) -> None:
        """Lets go of the handle."""
        if self._handle is not None:
            self._handle.close()
        self._handle = None

    def run(self, arguments: dict[str, str], body: bytes, default_format: str) -> Answer:
        """Does what a request asks."""
        handle = self._ready(arguments)
        given = arguments.get("query", "").encode()
        parameters = {
            name.removeprefix(_PARAMETER): value
            for name, value in arguments.items()
            if name.startswith(_PARAMETER)
        }
        statement, data = (given, body) if given.strip() else (body, b"")
        insert = _INSERT.match(statement)
        if insert is not None:
            statement, data = statement[: insert.end()], statement[insert.end() :] + data
        if data:
            # Each insert has another token: said with it, where two statements more would set and unset it.
            return self._insert(handle, statement, data, default_format, arguments.get(_TOKEN, ""))
        found = _FORMAT.search(statement.rstrip())
        result = handle.query(statement.decode(), default_format, parameters or None)
        is_answering = found is not None or _ANSWERS.match(statement) is not None
        name = found[1].decode() if found is not None else default_format
        summary = {"read_rows": str(result.rows_read()), "written_rows": str(result.rows_written())}
        return Answer(result.bytes(), name if is_answering else None, summary)

    def _insert(
        self, handle: Handle, statement: bytes, data: bytes, default_format: str, token: str
    ) -> Answer:
        statement = statement.rstrip()
        found = _FORMAT.search(statement)
        name = found[1].decode() if found is not None else default_format
        before = (statement[: found.start()] if found is not None else statement).decode()
        # chDB takes data from files alone.
        with tempfile.NamedTemporaryFile(dir=self._engine.incoming) as file:
            file.write(data)
            file.flush()
            known = f" SETTINGS {_TOKEN} = {_quoted(token)}" if token else ""
            result = handle.query(f"{before} FROM INFILE {_quoted(file.name)}{known} FORMAT {name}", "TSV")
        summary = {"read_rows": str(result.rows_read()), "written_rows": str(result.rows_written())}
        return Answer(summary=summary)

    def _ready(self, arguments: dict[str, str]) -> Handle:
        """The handle with a request's settings and database."""
        wanted = {
            name: value
            for name, value in arguments.items()
            if name not in _NO_SETTINGS and not name.startswith(_PARAMETER)
        }
        if self._handle is None:
            self._handle, self._settings, self._database = self._engine.open(), {}, "default"
        held = self._settings
        changed = {name: _quoted(value) for name, value in wanted.items() if held.get(name) != value}
        changed |= {name: "DEFAULT" for name in held if name not in wanted}
        if changed:
            # All or, where one is unknown, none.
            said = ", ".join(f"{_name(name)} = {value}" for name, value in changed.items())
            self._handle.query(f"SET {said}", "TSV")
            self._settings = wanted
        database = arguments.get("database", "").removeprefix("__default__") or "default"
        if database != self._database:
            self._database = ""
            self._handle.query(f"USE {_identifier(database)}", "TSV")
            self._database = database
        return self._handle


def _name(setting: str) -> str:
    if re.fullmatch(r"\w+", setting) is None:
        raise RequestError(_BAD_ARGUMENTS, f"{setting!r} names no setting")
    return setting


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _identifier(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def decompressed(data: bytes, encoding: str) -> bytes:
    """A request's body. The driver makes a piece of it for each block."""
    if encoding in ("", "identity"):
        return data
    if encoding in ("gzip", "deflate"):
        return zlib.decompress(data, zlib.MAX_WBITS | 32)  # tells them apart itself
    return b"".join(_pieces(data, encoding))


def _pieces(data: bytes, encoding: str) -> Iterator[bytes]:
    while data:
        piece: Any
        if encoding == "zstd":
            piece = importlib.import_module("zstandard").ZstdDecompressor().decompressobj()
        elif encoding == "lz4":
            piece = importlib.import_module("lz4.frame").LZ4FrameDecompressor()
        else:
            raise RequestError(_NOT_IMPLEMENTED, f"Content-Encoding {encoding} is not known here")
        yield piece.decompress(data)
        data = piece.unused_data or b""


def compressed(data: bytes, accepted: str) -> tuple[bytes, str]:
    """An answer in the first form that the client names and is known here, and that form."""
    for encoding in (each.partition(";")[0].strip() for each in accepted.split(",")):
        if encoding == "lz4":
            return importlib.import_module("lz4.frame").compress(data), encoding
        if encoding == "zstd":
            return importlib.import_module("zstandard").ZstdCompressor(level=1).compress(data), encoding
        if encoding == "gzip":
            return gzip.compress(data, 1), encoding
        if encoding == "deflate":
            return zlib.compress(data, 1), encoding
    return data, ""


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, in which the driver sends a query with long parameters."""
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    for part in cast("list[Any]", message.get_payload()):
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None:
            raise RequestError(_NOT_IMPLEMENTED, "External tables are not known here")
        fields[str(name)] = cast("bytes", part.get_payload(decode=True)).decode()
    return fields


class Handler(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body of an answer leave together.
    wbufsize = -1
    _connection: Connection

    def setup(self) -> None:
        """Called when it opens."""
        super().setup()
        self._connection = Connection(self._engine())

    def finish(self) -> None:
        """Called when it ends."""
        self._connection.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Says nothing."""

    def do_GET(self) -> None:
        """A ping, or a query in the address."""
        if urllib.parse.urlsplit(self.path).query:
            self.do_POST()
        else:
            self._send(200, b"Ok.\n", {})

    def do_POST(self) -> None:
        """A statement, and its data."""
        body = self._body()
        head = {"X-ClickHouse-Timezone": self._engine().timezone}
        try:
            query = urllib.parse.urlsplit(self.path).query
            arguments = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            body = decompressed(body, self.headers.get("Content-Encoding", ""))
            content_type = self.headers.get("Content-Type", "")
            if content_type.startswith("multipart/form-data"):
                arguments, body = arguments | form_fields(content_type, body), b""
            if "database" not in arguments:
                arguments["database"] = self.headers.get("X-ClickHouse-Database", "")
            asked = arguments.get("default_format") or self.headers.get("X-ClickHouse-Format")
            answer = self._connection.run(arguments, body, asked or "TabSeparated")
        except Exception as error:  # noqa: BLE001 - the client is told, whatever it is
            code = _ERROR.search(str(error))
            head["X-ClickHouse-Exception-Code"] = code[1] if code is not None else _UNKNOWN
            self._send(500, f"{error}\n".encode(), head)
            return
        out, encoding = answer.body, ""
        if out and arguments.get("enable_http_compression") == "1":
            out, encoding = compressed(out, self.headers.get("Accept-Encoding", ""))
        head["X-ClickHouse-Summary"] = json.dumps(answer.summary)
        head["X-ClickHouse-Query-Id"] = arguments.get("query_id", "")
        if encoding:
            head["Content-Encoding"] = encoding
        if answer.format is not None:
            head["X-ClickHouse-Format"] = answer.format
        self._send(200, out, head)

    def _engine(self) -> Engine:
        return cast("Server", self.server).engine

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._read(int(self.headers.get("Content-Length") or 0))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0] or b"-1", 16):
            parts.append(self._read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        part = self.rfile.read(max(size, 0))
        if len(part) != size:
            # Of one that dies while it sends, half must not be inserted.
            raise ConnectionAbortedError
        return part

    def _send(self, status: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        # As a real one, which does not know the length before: drivers of old insist on it.
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body) if body else b"")
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, engine: Engine, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.engine = engine
        self._starter = os.getppid()

    def service_actions(self) -> None:
        """Called twice a second: ends with whoever started it, who may have been killed."""
        if os.getppid() != self._starter:
            os._exit(0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    os.environ["TZ"] = "UTC"
    # chDB writes there too.
    said = os.dup(1)
    os.dup2(2, 1)
    engine = Engine(Path(sys.argv[1]))
    server = Server(engine, int(sys.argv[2]))

    def end(_signal: int, _frame: FrameType | None) -> None:
        # It waits for the loop that this thread is in.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    os.write(said, f"{server.server_address[1]}\n".encode())
    os.close(said)
    server.serve_forever()
    server.socket.close()
    # Handles of clients are open, and the end of the interpreter would trip over them.
    os._exit(0)


if __name__ == "__main__":
    main()
