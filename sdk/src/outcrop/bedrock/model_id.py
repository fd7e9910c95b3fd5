"""Reads Bedrock model identifiers: foundation models, inference profiles and ARNs. Pure, and cached.

Forms: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html (resource types).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Those that AWS documents, and those that its region names would give; more come with time.
_REGION_GROUPS = frozenset(
    {"us", "eu", "apac", "global", "us-gov", "jp", "au", "ca", "sa", "me", "af", "in", "kr", "mx", "il"}
)
# Kinds of ARNs whose resource is a model id itself.
_NAMED_ARN_KINDS = frozenset({"foundation-model", "inference-profile"})
_ARN_FIELDS = 6
# One process asks few different ids; a server sees those of many.
_CACHED = 4096
_MARKETPLACE = "marketplace-endpoint"
# Families that the first word of the name does not tell.
_FAMILIES = (
    ("gpt-oss", "gpt-oss"),
    ("stable-image", "stable-image"),
    ("stable-", "stable-diffusion"),
    ("sd", "stable-diffusion"),
    ("j2", "jurassic"),
)
_LETTERS = re.compile(r"[a-z]+")
_SHORTEST_FAMILY = 3


@dataclass(frozen=True)
class ModelId:
    """A model identifier and what it says; nothing is guessed: None is what the identifier hides.

    Attributes:
        requested: the identifier as the caller gave it.
        vendor: such as `anthropic`.
        name: the model's name without vendor and region group.
        region_group: `us`, `eu`, `apac`, `global`, ... of an inference profile.
        arn_kind: such as `foundation-model`, `inference-profile`, `application-inference-profile`,
            `provisioned-model`, `custom-model`, `custom-model-deployment`, `imported-model`,
            `default-prompt-router`, `prompt-router`, `prompt` or `marketplace-endpoint`; None for plain ids.
        family: such as `claude`, `nova` or `llama`.
        region: the ARN's AWS region.
        account: the ARN's account, 12 digits; None where AWS owns the resource.
        resource: the ARN's last part: the id of a profile, prompt or endpoint.
        version: a prompt's version.
    """

    requested: str
    vendor: str | None = None
    name: str | None = None
    region_group: str | None = None
    arn_kind: str | None = None
    family: str | None = None
    region: str | None = None
    account: str | None = None
    resource: str | None = None
    version: str | None = None

    @property
    def model(self) -> str | None:
        """`vendor.name`, such as `amazon.nova-pro-v1:0`; None where the identifier hides it."""
        return f"{self.vendor}.{self.name}" if self.vendor and self.name else None

    @property
    def profile(self) -> str | None:
        """`model` with the region group before it, if there is one."""
        model = self.model
        return f"{self.region_group}.{model}" if model and self.region_group else model


@lru_cache(maxsize=_CACHED)
def parse_model_id(requested: str) -> ModelId:
    """Reads an identifier; an unknown form gives a ModelId with only `requested` set."""
    if not requested.startswith("arn:"):
        return _parse_plain(requested, requested)
    # arn:partition:service:region:account:kind/name
    fields = requested.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return ModelId(requested)
    _, _, service, region, account, path = fields
    kind, _, resource = path.partition("/")
    # Models of the Marketplace answer from SageMaker endpoints, by these ARNs.
    if service == "sagemaker" or kind == "marketplace":
        kind, resource = _MARKETPLACE, path.rpartition("/")[2]
    read = _parse_resource(requested, kind, resource)
    version = None
    if kind == "prompt":
        resource, _, version = resource.partition(":")
    return ModelId(
        requested,
        read.vendor,
        read.name,
        read.region_group,
        kind or None,
        read.family,
        region or None,
        account or None,
        resource.rpartition("/")[2] or None,
        version or None,
    )


def _parse_resource(requested: str, kind: str, resource: str) -> ModelId:
    if kind in _NAMED_ARN_KINDS:
        return _parse_plain(requested, resource)
    if kind == "custom-model":
        # custom-model/<base model>[:<context>]/<id>: what it was made from is in the ARN.
        return _parse_plain(requested, resource.rpartition("/")[0])
    if kind == "default-prompt-router":
        # default-prompt-router/anthropic.claude:1 names a vendor and a family, and no model.
        read = _parse_plain(requested, resource)
        return ModelId(requested, read.vendor, family=read.family)
    return ModelId(requested)


def _parse_plain(requested: str, text: str) -> ModelId:
    head, dot, rest = text.partition(".")
    region_group = None
    if dot and head in _REGION_GROUPS:
        region_group = head
        head, dot, rest = rest.partition(".")
    if not dot or not head or not rest:
        return ModelId(requested, region_group=region_group)
    return ModelId(requested, head, rest, region_group, family=_family(head, rest))


def _family(vendor: str, name: str) -> str:
    for start, family in _FAMILIES:
        if name.startswith(start):
            return family
    word = _LETTERS.match(name)
    # DeepSeek's models are called r1 and v3: the vendor says more than the letter.
    return word[0] if word and len(word[0]) >= _SHORTEST_FAMILY else vendor
