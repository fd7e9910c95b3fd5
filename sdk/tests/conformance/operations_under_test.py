"""Every operation that the installed botocore can call over HTTP/1.1, with its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError

from outcrop.bedrock.operations import SERVICES


@dataclass(frozen=True)
class OperationCase:
    """One operation: botocore's service name and OperationModel."""

    service: str
    model: Any

    def __str__(self) -> str:
        return f"{self.service}.{self.model.name}"

    @property
    def stream_shape(self) -> Any:
        """The union of the answer's events; None if the answer is no event stream."""
        if not self.model.has_event_stream_output:
            return None
        return self.model.output_shape.members[self.stream_member]

    @property
    def stream_member(self) -> str:
        """The answer's member that is an event stream."""
        members = self.model.output_shape.members.items()
        return str(next(name for name, shape in members if shape.serialization.get("eventstream")))

    @property
    def body_member(self) -> str | None:
        """The answer's member that is a body to be read; None if there is none."""
        return self.model.output_shape.serialization["payload"] if self.model.has_streaming_output else None


def _load() -> list[OperationCase]:
    session = botocore.session.get_session()
    cases: list[OperationCase] = []
    for service in sorted(SERVICES):
        try:
            service_model = session.get_service_model(service)
        except UnknownServiceError:
            continue  # botocore came to know it later
        models = [service_model.operation_model(name) for name in service_model.operation_names]
        # A stream in both directions needs HTTP/2, which botocore does not speak.
        cases += [OperationCase(service, model) for model in models if not model.has_event_stream_input]
    return cases


OPERATIONS = _load()


def find(name: str) -> OperationCase:
    """The case of an operation of bedrock-runtime."""
    return next(case for case in OPERATIONS if str(case) == f"bedrock-runtime.{name}")
