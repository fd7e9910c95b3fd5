"""Digests by which texts are found that may be longer than an index takes. Pure."""

from __future__ import annotations

import hashlib
from functools import lru_cache

_BYTES = 16


@lru_cache(maxsize=8192)
def digest_of(*texts: str) -> bytes:
    """The digest of some texts, of which none is taken for a part of another."""
    found = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.digest()[:_BYTES]
