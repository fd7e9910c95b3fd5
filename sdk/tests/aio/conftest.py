"""These tests need aiobotocore, which pins a botocore of its own: `make test` runs them where it is."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("aiobotocore") else ["test_*.py"]
