"""The cookie that holds a session's id, and nothing else."""

from __future__ import annotations

from outcrop_server.access.sessions import LIFETIME_S


class SessionCookie:
    """Reads and writes the cookie of one server.

    Args:
        port: a browser keeps the cookies of all servers of a machine together, so each has a name of its own.
    """

    def __init__(self, port: int) -> None:
        self._name = f"outcrop_session_{port}"

    def read(self, header: str | None, scheme: str) -> str | None:
        """The session's id in a Cookie header."""
        wanted = self._full_name(scheme)
        # By hand: other programs of this machine set cookies here too, in forms that parsers stop at.
        for pair in (header or "").split(";"):
            name, equals, value = pair.strip().partition("=")
            if equals and name == wanted:
                return value
        return None

    def given(self, session_id: str, scheme: str) -> str:
        """A Set-Cookie header that gives it to the browser."""
        return self._header(session_id, scheme, LIFETIME_S)

    def taken(self, scheme: str) -> str:
        """A Set-Cookie header that takes it away."""
        return self._header("", scheme, 0)

    def _header(self, value: str, scheme: str, max_age_s: int) -> str:
        secure = "; Secure" if scheme == "https" else ""
        kept = f"{self._full_name(scheme)}={value}; Path=/; Max-Age={max_age_s}"
        return f"{kept}; HttpOnly; SameSite=Strict{secure}"

    def _full_name(self, scheme: str) -> str:
        # Browsers let nobody but this very host set a cookie of this beginning.
        return f"__Host-{self._name}" if scheme == "https" else self._name
