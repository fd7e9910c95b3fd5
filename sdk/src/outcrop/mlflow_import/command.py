"""`outcrop import mlflow`: its arguments, its exit codes, and what is said when something is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing

from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.mlflow_import.copying import Account, Copying, chosen
from outcrop.mlflow_import.places import place_of
from outcrop.mlflow_import.source import Experiment, opened
from outcrop.settings import read_settings
from outcrop.terminal.cells import harmless
from outcrop.terminal.progress import Progress
from outcrop.terminal.source import opened as opened_destination

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: what follows `outcrop import`.

    Returns:
        0; 1 if not everything could be copied; 2 for a wrong argument; 130 after Ctrl-C.
    """
    parsed = _parser().parse_args(list(arguments))
    account = Account()
    try:
        _copy(parsed, account)
    except KeyboardInterrupt:
        _say_account(account)
        _say("Stopped. The same command goes on from here.")
        return _INTERRUPTED
    except ConfigurationError as error:
        _say(str(error))
        return _USAGE
    except OutcropError as error:
        _say_account(account)
        _say(f"{error} What was copied stays: the same command goes on from here.")
        return _FAILED
    _say_account(account)
    return 0 if account.is_whole else _FAILED


def _copy(parsed: argparse.Namespace, account: Account) -> None:
    settings = read_settings(os.environ)
    server = parsed.server or settings.tracking_uri
    with closing(opened(parsed.source)) as source, opened_destination(server) as destination:
        experiments = chosen(source, parsed.experiment)
        place = place_of(settings.spool_root.parent / "imports", parsed.source, server, anew=parsed.again)
        with closing(_Told()) as told:
            Copying(source, destination, place, account, told.tell).run(experiments)


class _Told:
    """One line of progress for each experiment."""

    def __init__(self) -> None:
        self._progress: tuple[Experiment, Progress] | None = None

    def close(self) -> None:
        """Leaves no trace."""
        if self._progress is not None:
            self._progress[1].close()

    def tell(self, experiment: Experiment, done: int, total: int | None) -> None:
        """So many traces of an experiment are copied."""
        if self._progress is None or self._progress[0] != experiment:
            self.close()
            self._progress = (experiment, Progress(experiment.name, total, sys.stderr, unit="traces"))
        self._progress[1].tell(done)


def _say_account(account: Account) -> None:
    parts = [
        f"{account.traces:,} traces read",
        f"{account.new_spans:,} spans taken in",
        f"{account.known_spans:,} there already",
        f"{account.new_assessments:,} judgements",
    ]
    if account.rejected_spans:
        parts.append(f"{account.rejected_spans:,} spans refused")
    if account.fault_count:
        parts.append(f"{account.fault_count:,} faults")
    if account.left_out:
        parts.append(f"{account.left_out:,} judgements left out: of other kinds, or replaced by later ones")
    lines = [", ".join(parts), *(f"  {fault}" for fault in account.faults)]
    more = account.fault_count + account.rejected_spans - len(account.faults)
    if more > 0:
        lines.append(f"  and {more:,} more")
    sys.stdout.write(harmless("\n".join(lines)) + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    # A server's own words may hold anything.
    sys.stderr.write(f"outcrop import: {harmless(text)}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "outcrop import", description="Copy traces from another tool into Outcrop."
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="mlflow")
    mlflow = kinds.add_parser(
        "mlflow",
        help="from an MLflow server or its SQLite file",
        description="Copies traces with their tags, metadata and judgements. What Outcrop has already stays "
        "as it is; a copy that was stopped goes on where it was.",
    )
    mlflow.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="URI",
        help="the MLflow server (http://HOST:PORT) or its SQLite file (sqlite:///mlflow.db)",
    )
    mlflow.add_argument(
        "--experiment",
        action="append",
        default=[],
        metavar="NAME",
        help="copy this experiment alone; may be given several times (default: all that are not deleted)",
    )
    mlflow.add_argument(
        "--server",
        metavar="URI",
        help="copy to this server or store (default: OUTCROP_TRACKING_URI, or http://127.0.0.1:5115)",
    )
    mlflow.add_argument(
        "--again",
        action="store_true",
        help="begin anew, such as for tags and judgements that came after the last copy",
    )
    return parser
