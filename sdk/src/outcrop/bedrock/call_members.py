"""What a Bedrock call's span says of it, as encoded members of OTLP's Span message.

Most of it is the same for every call of one operation with one model, and is encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outcrop.bedrock.operations import Meaning, Operation
from outcrop.capture.render import to_json
from outcrop.genai.stream import EndReason, Outcome
from outcrop.otlp.encode import span_attribute
from outcrop.runtime import get_runtime
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

if TYPE_CHECKING:
    from outcrop.bedrock.profiles import ProfileResolver

_resolver: ProfileResolver | None = None


def fixed_members(  # noqa: PLR0917  # in the cache's own form, and called with each call
    operation: Operation,
    meaning: Meaning,
    region: str | None,
    model: Any,
    url: str | None,
    outside: tuple[tuple[str, Any], ...],
) -> bytes:
    """Where the call went, what it is, and the arguments that its body does not hold.

    Args:
        operation: how it travels.
        meaning: what it is.
        region: AWS's name of the region.
        model: the argument `modelId`; anything, since it is the caller's.
        url: the request's; None if none was made.
        outside: names and values of the arguments outside the body, but for the model.
    """
    try:
        return _fixed_members(operation, meaning, region, model, url, outside)
    except TypeError:  # a value that has no hash
        return _encode_fixed(operation, meaning, region, model, url, outside)


def _encode_fixed(  # noqa: PLR0917  # as above
    operation: Operation,
    meaning: Meaning,
    region: str | None,
    model: Any,
    url: str | None,
    outside: tuple[tuple[str, Any], ...],
) -> bytes:
    # The path repeats the model and says nothing else that is wanted.
    origin = url[: url.find("/", 8)] if url else ""
    params = dict(outside)
    if origin and operation.has_model_outside:
        params = {"modelId": model, **params}
    found: dict[str, Any] = {
        gen_ai.PROVIDER_NAME: gen_ai.PROVIDER_BEDROCK,
        gen_ai.CLOUD_REGION: region,
        names.SPAN_TYPE: meaning.span_type,
        names.AWS_SERVICE: operation.service,
        names.AWS_OPERATION: operation.name,
        gen_ai.OPERATION_NAME: meaning.genai_operation,
        gen_ai.REQUEST_MODEL: model if isinstance(model, str) else None,
        gen_ai.REQUEST_STREAM: operation.is_stream or None,
        names.REQUEST_MEMBER: operation.request_member,
        names.RESPONSE_MEMBER: operation.response_member or operation.body_member,
        names.REQUEST_PARAMS: to_json(params) if params else None,
    }
    if origin:
        parts = urlsplit(origin)
        found[gen_ai.SERVER_ADDRESS] = parts.hostname or ""
        found[gen_ai.SERVER_PORT] = parts.port or (443 if parts.scheme == "https" else 80)
    return b"".join(span_attribute(key, value) for key, value in found.items() if value is not None)


_fixed_members = lru_cache(maxsize=256)(_encode_fixed)


def response_fields(fields: Mapping[str, Any]) -> bytes:
    """What an answer's headers say, by the names of its members and of the headers that count tokens."""
    try:
        return _response_fields(tuple(fields.items()))
    except TypeError:  # a value that has no hash
        return span_attribute(names.RESPONSE_FIELDS, to_json(fields))


# Most often it is a content type alone.
@lru_cache(maxsize=256)
def _response_fields(fields: tuple[tuple[str, Any], ...]) -> bytes:
    return span_attribute(names.RESPONSE_FIELDS, to_json(dict(fields)))


@lru_cache
def stream_end(reason: EndReason, *, has_part: bool) -> bytes:
    """How a stream ended; `has_part` says whether anything of it had come."""
    if reason is EndReason.EXHAUSTED:
        outcome = Outcome.COMPLETE
    elif reason is EndReason.ERROR:
        outcome = Outcome.ERROR
    else:
        outcome = Outcome.CANCELLED if has_part else Outcome.NOT_CONSUMED
    found = {names.STREAM_OUTCOME: outcome.value, names.STREAM_END_REASON: reason.value}
    return b"".join(span_attribute(key, value) for key, value in found.items())


def put_off(model: Any) -> Callable[[], bytes] | None:
    """The model behind an application profile, where the user has asked for that: it may mean to ask AWS."""
    if not isinstance(model, str) or not get_runtime().settings.resolves_profiles:
        return None
    return partial(_resolved, model)


def _resolved(model: str) -> bytes:
    from outcrop.bedrock.profiles import ProfileResolver  # noqa: PLC0415  # loaded by those who want it

    global _resolver  # noqa: PLW0603  # one a process, since it remembers
    if _resolver is None:
        _resolver = ProfileResolver()
    found = _resolver.resolve(model)
    return span_attribute(names.MODEL_RESOLVED, found) if found else b""
