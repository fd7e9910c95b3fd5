"""What the documentation points at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
_ELSEWHERE = ("http://", "https://", "mailto:")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(file: Path) -> None:
    targets = [match[1] for match in _LINK.finditer(file.read_text(encoding="utf-8"))]
    missing = [
        target
        for target in targets
        if not target.startswith(_ELSEWHERE) and not (file.parent / target).exists()
    ]
    assert missing == []
