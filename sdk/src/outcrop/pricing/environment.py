"""The price table that the environment names, kept while its file stays the same."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from outcrop.pricing.table import PriceTable, read_table

VARIABLE = "OUTCROP_PRICES"


def table_from_environment() -> PriceTable | None:
    """The table of OUTCROP_PRICES; None if it is not set.

    Raises:
        ConfigurationError: the file is wrong; says where.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    path = Path(given).expanduser()
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        changed_ns = 0
    return _kept(path, changed_ns)


@lru_cache(maxsize=4)
def _kept(path: Path, changed_ns: int) -> PriceTable:  # noqa: ARG001 - a part of the key alone
    return read_table(path)
