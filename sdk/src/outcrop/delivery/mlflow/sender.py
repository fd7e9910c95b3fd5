"""The last step to an MLflow server or workspace: a batch is read, turned into its form, and kept there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from outcrop.capture.faults import report_fault
from outcrop.delivery.connection import NoAnswerError
from outcrop.delivery.mlflow.keepers import Keeper, TraceInHand
from outcrop.delivery.mlflow.rest import RefusedError
from outcrop.delivery.mlflow.span_form import SpanForm, to_mlflow
from outcrop.delivery.otlp_decode import decode_scopes
from outcrop.delivery.sender import Sent
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import ConfigurationError
from outcrop.otlp.records import SpanRecord

_UNKNOWN_SERVICE = "unknown_service"


class MlflowSender:
    """One server or workspace, one thread."""

    def __init__(self, name: str, open_keeper: Callable[[], Keeper], close: Callable[[], None]) -> None:
        """The keeper is opened when the first batch comes, since that asks the other side.

        Args:
            name: the endpoint, in the words of log lines.
            open_keeper: gives the way in; raises as a keeper does, TokenUnavailableError and
                ConfigurationError too.
            close: lets go of its connection.
        """
        self.name = name
        self._open_keeper = open_keeper
        self._close = close
        self._keeper: Keeper | None = None

    def post(self, body: bytes) -> Sent:
        """Delivers a batch; says how that went."""
        try:
            traces = list(_traces(body))
        except ValueError as error:
            return Sent(False, is_refused=True, reason=str(error))
        try:
            if self._keeper is None:
                self._keeper = self._open_keeper()
            for experiment in dict.fromkeys(name for name, _ in traces):
                self._keeper.keep(experiment, [trace for name, trace in traces if name == experiment])
        except RefusedError as error:
            return Sent(
                False,
                is_refused=error.is_final,
                reason=str(error),
                retry_after_s=error.retry_after_s,
                status=error.status or None,
                is_foreign=True,
            )
        except (NoAnswerError, TokenUnavailableError, ConfigurationError) as error:
            return Sent(False, reason=str(error), is_foreign=True)
        return Sent(True)

    def close(self) -> None:
        """Closes the connection; the next request opens a new one."""
        self._close()


def _traces(body: bytes) -> Iterator[tuple[str, TraceInHand]]:
    """The spans of a batch by trace, each with its experiment."""
    gathered: dict[tuple[str, bytes], list[SpanForm]] = {}
    services: dict[tuple[str, bytes], str | None] = {}
    for scope in decode_scopes(body):
        service = scope.resource.get("service.name")
        for record in scope.spans:
            key = record.experiment, record.trace_id
            gathered.setdefault(key, []).append(_form(record))
            services[key] = None if service in {None, _UNKNOWN_SERVICE} else str(service)
    for key, forms in gathered.items():
        yield key[0], TraceInHand(forms, services[key])


def _form(record: SpanRecord) -> SpanForm:
    try:
        return to_mlflow(record)
    except Exception as error:  # noqa: BLE001  # one span's oddity must not cost the others of its batch
        report_fault("turning a span into MLflow's form", error)
        plain = {name: value for name, value in record.attributes.items() if not isinstance(value, bytes)}
        record.attributes = plain
        return SpanForm(record)
