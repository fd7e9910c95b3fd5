"""MLflow's REST API over one connection: JSON in and out, and each refusal in one line with what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from outcrop.delivery.connection import Answer, Connection
from outcrop.delivery.http_words import readable
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_text

_NOT_FOUND, _TOO_MANY = 404, 429
# Sending the same again is useless.
_FINAL = frozenset({400, 413, 415, 422})
NO_SUCH_THING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Site:
    """What is behind an address.

    Attributes:
        name: in the words of log lines.
        login: what to do about a token that is refused.
        is_databricks: a workspace, not a server of MLflow's own.
        permission: what somebody must be allowed who asks there.
    """

    name: str
    login: str = (
        "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
        "or OUTCROP_TOKEN"
    )
    is_databricks: bool = False
    permission: str = "to edit the experiment"


class RefusedError(OutcropError):
    """The other side does not do what it is asked; the message is one line with what to do.

    Attributes:
        status: HTTP's; 0 where nothing was asked.
        error_code: MLflow's word.
        is_final: whether asking again is useless.
        retry_after_s: how long to wait, in seconds.
    """

    def __init__(
        self,
        said: str,
        *,
        status: int = 0,
        error_code: str = "",
        is_final: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        """`said` is what happened."""
        super().__init__(said)
        self.status = status
        self.error_code = error_code
        self.is_final = is_final
        self.retry_after_s = retry_after_s

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.error_code == NO_SUCH_THING or (self.status == _NOT_FOUND and not self.error_code)


class MlflowRest:
    """Asks one server or workspace."""

    def __init__(self, connection: Connection, site: Site) -> None:
        """`site` is what the connection leads to."""
        self.connection = connection
        self.site = site
        # Whoever reads may do so in any thread.
        self._lock = threading.Lock()

    def close(self) -> None:
        """Lets go of the connection; the next request opens a new one."""
        with self._lock:
            self.connection.close()

    def get(self, route: str, query: Mapping[str, Any] | None = None) -> JsonObject:
        """The answer to a GET.

        Raises:
            RefusedError: it was refused.
            NoAnswerError: nothing answers.
        """
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self.send("GET", route + asked)

    def send(self, method: str, route: str, body: Any = None) -> JsonObject:
        """The answer to a request with a body in JSON; raises as `get` does."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        return self.raw(method, route, data, headers).json

    def raw(
        self, method: str, route: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to any request; raises as `get` does."""
        with self._lock:
            answer = self.connection.ask(method, route, body, headers)
        if not answer.is_good:
            raise refusal(answer, self.site)
        return answer


def refusal(answer: Answer, site: Site) -> RefusedError:
    """An error answer in one line, with what to do where something can be done."""
    own = as_text(answer.json.get("message")) or readable(answer.body)
    own = " ".join(own.split()).rstrip(".")
    said = f"HTTP {answer.status}" + (f" {answer.error_code}" if answer.error_code else "")
    advice = _advice(answer, site)
    line = f"{said}: {own}" if own else said
    return RefusedError(
        f"{line}; {advice}" if advice else line,
        status=answer.status,
        error_code=answer.error_code,
        is_final=answer.status in _FINAL,
        retry_after_s=answer.retry_after_s,
    )


def _advice(answer: Answer, site: Site) -> str:
    if answer.status == 401:  # noqa: PLR2004  # HTTP's own, as below
        return f"it does not know who asks: {site.login}"
    if answer.status == 403:  # noqa: PLR2004
        return f"who asks may not do this: ask for the permission {site.permission}, or use another token"
    if answer.status == _TOO_MANY:
        return "the quota is used up: what waits goes out later, or ask for a larger one"
    if answer.status == 501:  # noqa: PLR2004
        return "it keeps traces where no spans can be: start it with --backend-store-uri sqlite:///mlflow.db"
    return ""
