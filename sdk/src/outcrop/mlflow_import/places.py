"""How far a copy has come, kept between runs: the moment of the last trace that is safe."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from outcrop.exceptions import OutcropError
from outcrop.json_reading import as_int, as_object, load_object


@dataclass
class Place:
    """The file that remembers.

    Attributes:
        path: of it.
        since_ms: by experiment, the moment of the last trace that the destination has, in milliseconds
            since 1970.
    """

    path: Path
    since_ms: dict[str, int] = field(default_factory=dict[str, int])

    def reached(self, experiment_id: str, moment_ms: int) -> None:
        """All traces of an experiment up to a moment are safe.

        Raises:
            OutcropError: it cannot be written down.
        """
        self.since_ms[experiment_id] = max(moment_ms, self.since_ms.get(experiment_id, 0))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            written = self.path.with_suffix(".new")
            written.write_text(json.dumps({"since_ms": self.since_ms}))
            written.replace(self.path)
        except OSError as error:
            raise OutcropError(
                f"How far the copy has come cannot be kept in {self.path}: {error.strerror}. Give another "
                "folder by OUTCROP_SPOOL_DIR."
            ) from error


def place_of(folder: Path, source: str, destination: str, *, anew: bool) -> Place:
    """Where the last copy between these two came to.

    Args:
        folder: of Outcrop's state.
        source: the address that is copied from.
        destination: likewise, to.
        anew: from the beginning.
    """
    name = hashlib.sha256(f"{source}\n{destination}".encode()).hexdigest()[:24]
    place = Place(folder / f"mlflow-{name}.json")
    if anew:
        return place
    try:
        kept = as_object(as_object(load_object(place.path.read_bytes())).get("since_ms"))
    except FileNotFoundError:
        return place
    except OSError as error:
        raise OutcropError(f"{place.path} cannot be read: {error.strerror}.") from error
    place.since_ms = {name: number for name, value in kept.items() if (number := as_int(value)) is not None}
    return place
