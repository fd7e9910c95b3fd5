"""Who answered: adds to a view what its model's identifier says, and what else its price depends on.

Three things are kept apart: the identifier as it was asked for (`request_model`), what is written in it
(vendor, family, region group, kind of ARN), and the model that answered (`response_model`). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.bedrock.model_id import ModelId, parse_model_id
from outcrop.genai.view import SpanView
from outcrop.json_reading import as_object, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_STANDARD_TIERS = frozenset({"default", "standard", "reserved"})
_OPTIMIZED = "optimized"
# InvokeModel says it in a header, which botocore gives as a member of this name.
_TIER_FIELD = "serviceTier"
_TIER_FIELDS = frozenset({"performanceConfig", "performanceConfigLatency", _TIER_FIELD})


def is_bedrock(provider: str | None) -> bool:
    """Whether a provider's name, as some tracer writes it, means Amazon Bedrock."""
    name = (provider or "").lower()
    return "bedrock" in name or name == "aws"


def with_identity(view: SpanView, attributes: Mapping[str, Any]) -> SpanView:
    """Adds vendor, family, region group, kind of ARN, resolved model and tier to a Bedrock call's view."""
    view.provider = gen_ai.PROVIDER_BEDROCK
    if view.request_model is None:
        return view
    asked = parse_model_id(view.request_model)
    response_model = view.response_model or as_text(attributes.get(names.MODEL_RESOLVED))
    # A router or profile hides its model until somebody says which it was.
    known = _known(asked, response_model)
    view.response_model = response_model
    view.vendor = known.vendor
    view.model_family = known.family
    view.model_region_group = asked.region_group or known.region_group
    view.model_arn_kind = asked.arn_kind
    view.service_tier = _service_tier(as_object(view.inputs), as_object(view.outputs))
    return view


def _known(asked: ModelId, response_model: str | None) -> ModelId:
    if asked.name is not None or response_model is None:
        return asked
    answered = parse_model_id(response_model)
    return answered if answered.vendor is not None else asked


def _service_tier(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str | None:
    """The tier that served, where the answer says it, else the one asked for; None for the standard one."""
    for source in (outputs, inputs):
        # Hardly any has one of these.
        if _TIER_FIELDS.isdisjoint(source):
            continue
        performance = source.get("performanceConfig")
        latency = as_object(performance).get("latency") or source.get("performanceConfigLatency")
        if latency == _OPTIMIZED:
            return _OPTIMIZED
        given = source.get(_TIER_FIELD)
        if given is None:
            continue
        tier = as_text(as_object(given).get("type")) or as_text(given)
        if tier is not None:
            return None if tier in _STANDARD_TIERS else tier
    return None
