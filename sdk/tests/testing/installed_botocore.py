"""What the installed botocore knows: the oldest supported one lacks newer operations and members."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.model import NoShapeFoundError

_MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")


def needs(operation: str) -> pytest.MarkDecorator:
    """Skips tests of an operation that boto3 cannot call yet."""
    is_known = operation in _MODEL.operation_names
    return pytest.mark.skipif(not is_known, reason=f"this botocore has no {operation}")


def needs_member(shape: str, member: str) -> pytest.MarkDecorator:
    """Skips tests of a member that botocore would refuse in a request, or leave out of an answer."""
    return pytest.mark.skipif(not _has_member(shape, member), reason=f"this botocore has no {shape}.{member}")


def _has_member(shape: str, member: str) -> bool:
    try:
        found: Any = _MODEL.shape_for(shape)
    except NoShapeFoundError:
        return False
    return member in found.members
