"""Finds the model behind an application inference profile, by asking Bedrock's control plane.

Opt-in (`OUTCROP_RESOLVE_PROFILES=1`), since it calls AWS with the program's default credentials and needs
`bedrock:GetInferenceProfile`. Runs on the delivery thread, once a profile; its answers are kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from outcrop.bedrock.model_id import ModelId, parse_model_id
from outcrop.capture.faults import logger
from outcrop.json_reading import as_list, as_object, as_text

_KIND = "application-inference-profile"
_TIMEOUT_S = 3
# A profile that could not be read may be readable once somebody has been given leave.
_RETRY_AFTER_S = 600.0

Fetch = Callable[[ModelId], Any]


class ProfileResolver:
    """Knows what it has asked once."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        """`fetch` gives GetInferenceProfile's answer; boto3 by default."""
        self._fetch = fetch or _ask_bedrock
        self._lock = threading.Lock()
        self._models: dict[str, str] = {}
        self._failed_until: dict[str, float] = {}

    def resolve(self, requested: str) -> str | None:
        """The model id behind a profile's ARN; None for other ids, and where it cannot be found out."""
        asked = parse_model_id(requested)
        if asked.arn_kind != _KIND:
            return None
        with self._lock:
            if requested not in self._models and time.monotonic() >= self._failed_until.get(requested, 0.0):
                self._find(asked)
            return self._models.get(requested)

    def _find(self, asked: ModelId) -> None:
        try:
            model = _model_of(self._fetch(asked))
        except Exception as error:  # noqa: BLE001  # whatever AWS or the network says, spans go on
            self._failed_until[asked.requested] = time.monotonic() + _RETRY_AFTER_S
            logger.warning(
                "outcrop: the model behind %s is unknown: %s. It needs bedrock:GetInferenceProfile; "
                "or name it under `profiles` in the file of OUTCROP_PRICES.",
                asked.requested,
                error,
            )
            return
        self._models[asked.requested] = model


def _model_of(answer: Any) -> str:
    """The model of a profile; one that spans regions names the same model for each."""
    for entry in as_list(as_object(answer).get("models")):
        found = parse_model_id(as_text(as_object(entry).get("modelArn")) or "")
        if found.vendor is not None and found.name is not None:
            return f"{found.vendor}.{found.name}"
    raise ValueError("Bedrock's answer names no model")


def _ask_bedrock(asked: ModelId) -> Any:
    # Loaded by the program already, which has made a call with them.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    untyped: Any = boto3
    config = Config(
        connect_timeout=_TIMEOUT_S,
        read_timeout=_TIMEOUT_S,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )
    client = untyped.session.Session().client("bedrock", region_name=asked.region, config=config)
    try:
        return client.get_inference_profile(inferenceProfileIdentifier=asked.requested)
    finally:
        client.close()
