"""The cookie that holds a session's id, and nothing else.

A browser keeps the cookies of all servers of a machine together, so each server has a name of its own for
its cookie. What another server over the same store gave opens this one, too: behind a load balancer the next
request may come here. So all cookies of the kind are read; ids of other stores open nothing here.
"""

from __future__ import annotations

from outcrop_server.access.sessions import LIFETIME_S

_PREFIX = "outcrop_session_"
# Nobody runs more servers on one machine; whoever sends more made them up.
_MOST = 16


class SessionCookie:
    """Reads and writes the cookie of one server.

    Args:
        port: where it listens, which makes the name.
    """

    def __init__(self, port: int) -> None:
        self._name = f"{_PREFIX}{port}"

    def read(self, header: str | None, scheme: str) -> tuple[str, ...]:
        """The ids of sessions in a Cookie header, that of this server's own cookie first."""
        own = self._full_name(self._name, scheme)
        prefix = self._full_name(_PREFIX, scheme)
        found: list[str] = []
        # By hand: other programs of this machine set cookies here too, in forms that parsers stop at.
        for pair in (header or "").split(";"):
            name, equals, value = pair.strip().partition("=")
            if equals and value and name.startswith(prefix):
                found.insert(0 if name == own else len(found), value)
        return tuple(found[:_MOST])

    def given(self, session_id: str, scheme: str) -> str:
        """A Set-Cookie header that gives it to the browser."""
        return self._header(session_id, scheme, LIFETIME_S)

    def taken(self, scheme: str) -> str:
        """A Set-Cookie header that takes it away."""
        return self._header("", scheme, 0)

    def _header(self, value: str, scheme: str, max_age_s: int) -> str:
        secure = "; Secure" if scheme == "https" else ""
        kept = f"{self._full_name(self._name, scheme)}={value}; Path=/; Max-Age={max_age_s}"
        return f"{kept}; HttpOnly; SameSite=Strict{secure}"

    @staticmethod
    def _full_name(name: str, scheme: str) -> str:
        # Browsers let nobody but this very host set a cookie of this beginning.
        return f"__Host-{name}" if scheme == "https" else name
