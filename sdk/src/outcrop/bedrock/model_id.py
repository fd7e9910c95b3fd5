"""Reads Bedrock model identifiers: foundation models, inference profiles and ARNs.

Forms: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

from __future__ import annotations

from dataclasses import dataclass

_REGION_GROUPS = frozenset({"us", "eu", "apac", "global", "us-gov", "jp", "au", "ca", "sa", "me", "af"})
_NAMED_ARN_KINDS = frozenset({"foundation-model", "inference-profile"})


@dataclass(frozen=True)
class ModelId:
    """A model identifier and what it says.

    Attributes:
        requested: the identifier as the caller gave it.
        vendor: such as `anthropic`; None where the identifier hides it.
        name: the model's name without vendor and region group; None where hidden.
        region_group: `us`, `eu`, `apac`, `global`, ... of an inference profile; None otherwise.
        arn_kind: such as `foundation-model` or `application-inference-profile`; None for plain ids.
    """

    requested: str
    vendor: str | None = None
    name: str | None = None
    region_group: str | None = None
    arn_kind: str | None = None


def parse_model_id(requested: str) -> ModelId:
    """Reads an identifier; an unknown form gives a ModelId with only `requested` set."""
    if not requested.startswith("arn:"):
        return _parse_plain(requested, requested, None)
    # arn:partition:bedrock:region:account:kind/name
    fields = requested.split(":", 5)
    resource = fields[5] if len(fields) > 5 else ""  # noqa: PLR2004  # an ARN has six fields
    kind, _, name = resource.partition("/")
    if kind in _NAMED_ARN_KINDS:
        return _parse_plain(requested, name, kind)
    return ModelId(requested, arn_kind=kind or None)


def _parse_plain(requested: str, text: str, arn_kind: str | None) -> ModelId:
    head, dot, rest = text.partition(".")
    region_group = None
    if dot and head in _REGION_GROUPS:
        region_group = head
        head, dot, rest = rest.partition(".")
    if not dot or not head or not rest:
        return ModelId(requested, region_group=region_group, arn_kind=arn_kind)
    return ModelId(requested, head, rest, region_group, arn_kind)
