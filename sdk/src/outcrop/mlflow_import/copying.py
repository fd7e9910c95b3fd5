"""The copy itself: traces in portions, each durable before the next; where it stops, the next run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from outcrop.exceptions import ConfigurationError
from outcrop.json_reading import JsonObject, as_int, as_list
from outcrop.mlflow_import.places import Place
from outcrop.mlflow_import.source import Experiment, MlflowSource
from outcrop.mlflow_import.traces import FoundTrace, read_trace

# Committed at once: enough that a commit does not count, little enough that an interruption costs little.
_PORTION_TRACES, _PORTION_CHARACTERS = 200, 8_000_000
_MOST_FAULTS, _NAMED = 10, 20


class Destination(Protocol):
    """Takes files that an export wrote."""

    def take_in(self, pieces: Iterator[bytes], experiment: str | None) -> JsonObject:
        """Gives what became of it.

        Raises:
            OutcropError: it was not taken in, or not whole.
        """
        ...


@dataclass
class Account:
    """What became of the traces.

    Attributes:
        traces: how many were read.
        new_spans: how many of their spans the destination did not have.
        known_spans: how many it had.
        rejected_spans: how many it did not take.
        new_assessments: judgements that it did not have.
        left_out: judgements that are none of ours, or that others took the place of.
        faults: the first of what could not be copied.
        fault_count: how many there were.
    """

    traces: int = 0
    new_spans: int = 0
    known_spans: int = 0
    rejected_spans: int = 0
    new_assessments: int = 0
    left_out: int = 0
    faults: list[str] = field(default_factory=list[str])
    fault_count: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything was copied."""
        return not self.fault_count and not self.rejected_spans

    def add_faults(self, faults: Sequence[str]) -> None:
        """Notes what could not be copied."""
        self.fault_count += len(faults)
        self.faults.extend(faults[: _MOST_FAULTS - len(self.faults)])

    def add_report(self, report: JsonObject) -> None:
        """Notes what became of a portion."""
        self.new_spans += as_int(report.get("new_spans")) or 0
        self.known_spans += as_int(report.get("known_spans")) or 0
        self.new_assessments += as_int(report.get("new_assessments")) or 0
        rejected = as_int(report.get("rejected_spans")) or 0
        self.rejected_spans += rejected
        self.faults.extend(
            [str(each) for each in as_list(report.get("faults"))][: _MOST_FAULTS - len(self.faults)]
        )


# Takes an experiment, how many of its traces are copied in this run, and how many there are if that is known.
Tell = Callable[[Experiment, int, int | None], None]


def chosen(source: MlflowSource, names: Sequence[str]) -> list[Experiment]:
    """The experiments to copy: those that are named, or all.

    Raises:
        ConfigurationError: there is none of a name; says which there are.
        OutcropError: the source cannot be read.
    """
    there = source.experiments()
    if not names:
        return there
    by_name = {each.name: each for each in there}
    missing = [name for name in names if name not in by_name]
    if missing:
        known = ", ".join(sorted(by_name)[:_NAMED]) + (", …" if len(by_name) > _NAMED else "")
        raise ConfigurationError(f"MLflow has no experiment {', '.join(missing)} there. It has: {known}.")
    return [by_name[name] for name in dict.fromkeys(names)]


@dataclass(frozen=True)
class Copying:
    """A copy between two places.

    Attributes:
        source: is read, and not changed.
        destination: takes the traces; what it has already stays as it is.
        place: where the last run came to; moves on with each portion that is safe.
        account: is added to, also where the copy ends with an error.
        tell: hears how far it has come.
    """

    source: MlflowSource
    destination: Destination
    place: Place
    account: Account
    tell: Tell

    def run(self, experiments: Sequence[Experiment]) -> None:
        """Copies what came since the last run.

        Raises:
            OutcropError: one of the two cannot be asked any further. What was copied stays.
        """
        for experiment in experiments:
            since_ms = self.place.since_ms.get(experiment.experiment_id, 0)
            total = self.source.count(experiment, since_ms)
            done = 0
            self.tell(experiment, done, total)
            for portion in _portions(self.source.traces(experiment, since_ms)):
                self._copy(experiment, portion)
                done += len(portion)
                self.tell(experiment, done, total)

    def _copy(self, experiment: Experiment, portion: Sequence[FoundTrace]) -> None:
        lines: list[str] = []
        for found in portion:
            read = read_trace(found, experiment.name)
            lines.extend(read.lines)
            self.account.add_faults(read.faults)
            self.account.left_out += read.left_out
        if lines:
            pieces = (line.encode("utf-8", "replace") for line in lines)
            self.account.add_report(self.destination.take_in(pieces, experiment.name))
        self.account.traces += len(portion)
        self.place.reached(experiment.experiment_id, portion[-1].started_ms)


def _portions(traces: Iterator[FoundTrace]) -> Iterator[list[FoundTrace]]:
    portion: list[FoundTrace] = []
    size = 0
    for found in traces:
        portion.append(found)
        size += sum(len(str(span.get("attributes"))) for span in found.spans or ())
        if len(portion) >= _PORTION_TRACES or size >= _PORTION_CHARACTERS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
