"""Outcrop's public test kit: a stand-in for Amazon Bedrock's runtime endpoint that real boto3 talks to.

`BedrockEmulator` listens on loopback; tests and demos say what its models answer, or take the default.
`python -m outcrop.testing` runs it in a terminal; pytest has it as the fixture `bedrock_emulator`.
"""

from outcrop.testing.emulator import BedrockEmulator
from outcrop.testing.errors import (
    AccessDenied,
    Conflict,
    Disconnect,
    InternalServerError,
    ModelError,
    ModelNotReady,
    ModelStreamError,
    ModelTimeout,
    ResourceNotFound,
    ServiceError,
    ServiceQuotaExceeded,
    ServiceUnavailable,
    StreamFailure,
    Throttling,
    ValidationError,
)
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import (
    AsyncOutcome,
    GuardrailVerdict,
    JsonReply,
    RawBlock,
    RawBody,
    Reasoning,
    Reply,
    Text,
    ToolUse,
    Usage,
)

__all__ = [
    "AccessDenied",
    "AsyncOutcome",
    "BedrockEmulator",
    "Conflict",
    "Disconnect",
    "GuardrailVerdict",
    "InternalServerError",
    "JsonReply",
    "ModelError",
    "ModelNotReady",
    "ModelStreamError",
    "ModelTimeout",
    "RawBlock",
    "RawBody",
    "Reasoning",
    "RecordedRequest",
    "Reply",
    "ResourceNotFound",
    "ServiceError",
    "ServiceQuotaExceeded",
    "ServiceUnavailable",
    "StreamFailure",
    "Text",
    "Throttling",
    "ToolUse",
    "Usage",
    "ValidationError",
]
