"""What stores have in common that cannot delete a day cheaper than its traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeletesNoDays:
    """The method of `storage.retention` for these."""

    def delete_day(self, before_ns: Mapping[str, int]) -> dict[str, int]:  # noqa: ARG002 - of the contract
        """Does nothing."""
        return {}
