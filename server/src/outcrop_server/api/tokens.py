"""`/api/tokens`: what `outcrop tokens` does, for admins whose own token opens every experiment."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.access.making import make_token, revoke_token
from outcrop_server.api import access_schemas as schemas
from outcrop_server.api.dependencies import CallerOf, DoorOf, Tokens, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.model.access import AccessToken, Caller
from outcrop_server.model.errors import ForbiddenError

router = APIRouter(tags=["access"])

_S_IN_DAY = 24 * 3600


@router.get(
    "/api/tokens", operation_id="listTokens", response_model=schemas.TokenList, responses=responses(403)
)
def list_tokens(caller: CallerOf, tokens: Tokens) -> Response:
    """Every token that was ever made, revoked ones included."""
    _check(caller)
    return json_answer(schemas.TokenList(tokens=[_token(each) for each in tokens.access_tokens()]))


@router.post(
    "/api/tokens",
    operation_id="createToken",
    response_model=schemas.CreatedToken,
    status_code=201,
    responses=responses(400, 403, 503),
)
def create_token(caller: CallerOf, door: DoorOf, tokens: Tokens, asked: schemas.NewToken) -> Response:
    """Makes a token; it is shown this once."""
    _check(caller)
    text, token = make_token(
        tokens,
        asked.name,
        asked.role,
        experiments=asked.experiments,
        expires_in_s=None if asked.expires_in_days is None else asked.expires_in_days * _S_IN_DAY,
        requests_per_minute=asked.requests_per_minute,
        by=caller.name,
    )
    # The audit line is written there, and the token opens at once.
    door.book.refresh()
    return json_answer(schemas.CreatedToken(token=text, info=_token(token)), 201)


@router.delete(
    "/api/tokens/{name_or_id}",
    operation_id="revokeToken",
    status_code=204,
    response_class=Response,
    responses=responses(403, 404, 503),
)
def delete_token(caller: CallerOf, door: DoorOf, tokens: Tokens, name_or_id: str) -> Response:
    """Revokes a token for good, and with it the sessions that were begun with it."""
    _check(caller)
    revoke_token(tokens, name_or_id, caller.name)
    door.book.refresh()
    return Response(status_code=204)


def _check(caller: Caller) -> None:
    if caller.experiments is not None:
        raise ForbiddenError(
            f"The token '{caller.name}' is for some experiments alone: it makes and shows no tokens."
        )


def _token(token: AccessToken) -> schemas.Token:
    return schemas.Token(
        token_id=token.token_id,
        name=token.name,
        role=token.role,
        experiments=None if token.experiments is None else list(token.experiments),
        created_at_ns=str(token.created_at_ns),
        created_by=token.created_by,
        expires_at_ns=_moment(token.expires_at_ns),
        last_used_at_ns=_moment(token.last_used_at_ns),
        revoked_at_ns=_moment(token.revoked_at_ns),
        revoked_by=token.revoked_by,
        requests_per_minute=token.requests_per_minute,
    )


def _moment(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else str(nanoseconds)
