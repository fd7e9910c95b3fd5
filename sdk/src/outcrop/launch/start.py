"""What a Python does that `outcrop run` started: has Bedrock traced, and forgets how it was told."""

from __future__ import annotations

import os

from outcrop.bedrock.autolog import autolog_on_import
from outcrop.capture.faults import report_fault
from outcrop.launch.environment import take_sign_away


def start(folder: str) -> None:
    """Has tracing begin when the program imports botocore; `folder` is how this Python was told."""
    take_sign_away(folder, os.environ)
    try:
        autolog_on_import()
    except Exception as error:  # noqa: BLE001  # the program runs all the same
        report_fault("switching tracing on", error)
