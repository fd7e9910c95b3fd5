"""The door: from what a request shows, a token or a session, to the caller; or a refusal that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.access import audit
from outcrop_server.access.book import TokenBook
from outcrop_server.access.limits import FailureLimit, RequestLimit
from outcrop_server.access.sessions import SessionBook
from outcrop_server.model.access import ANONYMOUS, AccessToken, Caller
from outcrop_server.model.errors import ForbiddenError, TooManyRequestsError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Container

    from outcrop_server.storage.tokens import TokenStore

_HOW = (
    "Programs send one by OUTCROP_TOKEN (`Authorization: Bearer …`), people sign in at /sign-in. Whoever "
    "runs the server makes tokens: outcrop tokens create."
)

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


class Shown(NamedTuple):
    """What a request shows of its sender.

    Attributes:
        authorization: the header of this name.
        session_ids: what the cookies hold that may be this server's.
        client: address that the request came from.
        is_forwarded: came through a proxy.
    """

    authorization: str | None = None
    session_ids: tuple[str, ...] = ()
    client: str = ""
    is_forwarded: bool = False


class Door:
    """Knows who may come in.

    Args:
        store: where tokens are kept.
        is_local: the server is bound to this machine alone.
        allows_anonymous: whoever shows nothing may all the same do everything.
        requests_per_minute: what a token may send that has no limit of its own; 0 for any number.
    """

    def __init__(
        self, store: TokenStore, *, is_local: bool, allows_anonymous: bool, requests_per_minute: int
    ) -> None:
        self.book = TokenBook(store)
        self.sessions = SessionBook(store)
        self._is_local = is_local
        self._allows_anonymous = allows_anonymous
        self._requests_per_minute = requests_per_minute
        self._failures = FailureLimit()
        self._requests = RequestLimit()

    @property
    def asks_for_tokens(self) -> bool:
        """Whether nobody comes in without one.

        On this machine that begins with the first token, and does not end when it is revoked: what was closed
        must not open by itself.
        """
        return not self._allows_anonymous and (not self._is_local or self.book.has_any)

    def must_look(self, session_ids: tuple[str, ...]) -> bool:
        """Whether `look` is due before a request is answered that shows these."""
        return self.book.is_stale or self.sessions.has_unknown(session_ids)

    def look(self, session_ids: tuple[str, ...]) -> None:
        """Sees what other servers and the command line changed. Waits for the disk.

        Raises:
            UnavailableError: the store cannot be read.
        """
        is_due = self.book.is_stale and self.sessions.has_any
        self.book.refresh(only_if_stale=True)
        if is_due or self.sessions.has_unknown(session_ids):
            self.sessions.refresh()

    def caller(self, shown: Shown) -> Caller:
        """Who sent a request.

        Raises:
            UnauthorizedError: nobody whom the server knows.
            ForbiddenError: nobody has to say who they are, but this request came through a proxy.
            TooManyRequestsError: too many requests of this token, or wrong tokens from this address.
        """
        token = self._token_of(shown)
        if token is None:
            return self._anonymous(shown)
        self.book.used(token)
        limit = self._requests_per_minute if token.requests_per_minute is None else token.requests_per_minute
        wait_s = self._requests.wait_s(token.token_id, limit) if limit else 0
        if wait_s:
            raise TooManyRequestsError(
                f"The token '{token.name}' has sent more than its {limit} requests a minute. Try again in "
                f"{wait_s} s.",
                retry_after_s=wait_s,
            )
        has_session = _bearer(shown.authorization) is None
        return _caller(token, shown.client, has_session)

    def sign_in(self, text: str, client: str) -> tuple[str, Caller]:
        """Begins a session; gives its id and who it is of. Waits for the disk.

        Raises:
            UnauthorizedError: the token opens nothing.
            ForbiddenError: it is one for programs.
            TooManyRequestsError: too many wrong ones came from this address.
        """
        # Right ones have to wait too: an answer would tell that one was right.
        self._check_failures(client)
        token = self._valid(text.strip(), client)
        if token.role == "write":
            self._refused(client, "sign_in.refused", token)
            raise ForbiddenError(
                f"The token '{token.name}' is for programs that send traces. Sign in with one of role read "
                "or admin."
            )
        caller = _caller(token, client, has_session=True)
        self.book.used(token)
        audit.record_by(caller, "sign_in")
        return self.sessions.open(token.token_id), caller

    def signed_in(self, session_ids: tuple[str, ...], client: str) -> Caller | None:
        """Who the first of these sessions is of that is open; None if none is."""
        token = self._token_of(Shown(session_ids=session_ids))
        return None if token is None else _caller(token, client, has_session=True)

    def sign_out(self, session_ids: tuple[str, ...], client: str) -> None:
        """Ends sessions, those of them that are open. Waits for the disk."""
        for session_id in session_ids:
            token_id = self.sessions.token_id(session_id)
            token = None if token_id is None else self.book.of_id(token_id)
            if token_id is not None:
                self.sessions.close(session_id)
            if token is not None:
                audit.record_by(_caller(token, client, has_session=True), "sign_out")

    def _token_of(self, shown: Shown) -> AccessToken | None:
        """The valid token that a request shows; None if it shows none."""
        text = _bearer(shown.authorization)
        if text is not None:
            return self._valid(text, shown.client)
        for session_id in shown.session_ids:
            token_id = self.sessions.token_id(session_id)
            token = None if token_id is None else self.book.of_id(token_id)
            # A session ends with its token.
            if token is not None and self.book.is_valid(token):
                return token
        return None

    def _valid(self, text: str, client: str) -> AccessToken:
        token = self.book.find(text)
        if token is not None and self.book.is_valid(token):
            return token
        self._check_failures(client)
        self._refused(client, "token.refused", token)
        if token is None:
            raise UnauthorizedError(f"This server does not know this token. {_HOW}")
        why = "has expired" if token.revoked_at_ns is None else "was revoked"
        raise UnauthorizedError(f"The token '{token.name}' {why}. {_HOW}")

    def _anonymous(self, shown: Shown) -> Caller:
        if self.asks_for_tokens:
            raise UnauthorizedError(f"This server asks for a token. {_HOW}")
        if shown.is_forwarded and not self._allows_anonymous:
            raise ForbiddenError(
                "This request came through a proxy, and the server asks nobody for a token: whoever reaches "
                "the proxy could read everything. Make a token (outcrop tokens create) and the server asks "
                "for it; or say --allow-anonymous (OUTCROP_ALLOW_ANONYMOUS=1)."
            )
        return Caller(ANONYMOUS, "admin", client=shown.client)

    def _check_failures(self, client: str) -> None:
        wait_s = self._failures.wait_s(client)
        if wait_s:
            raise TooManyRequestsError(
                f"Too many wrong tokens came from this address. Try again in {wait_s} s.",
                retry_after_s=wait_s,
            )

    def _refused(self, client: str, event: str, token: AccessToken | None) -> None:
        self._failures.failed(client)
        name, token_id = (ANONYMOUS, None) if token is None else (token.name, token.token_id)
        audit.record(event, by=name, token_id=token_id, client=client)


def is_forwarded(headers: Container[str]) -> bool:
    """Whether a request's headers, or a call's metadata, say that it came through a proxy."""
    return any(name in headers for name in _FORWARDED)


def _bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header; other schemes are a proxy's business."""
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _caller(token: AccessToken, client: str, has_session: bool) -> Caller:
    experiments = None if token.experiments is None else frozenset(token.experiments)
    return Caller(token.name, token.role, experiments, token.token_id, client, has_session)
