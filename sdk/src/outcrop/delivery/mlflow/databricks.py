"""How traces get into a Databricks workspace: data as files of an experiment, or tables of Unity Catalog."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from outcrop.delivery.connection import Answer, Connection
from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.artifacts import may_have_earlier, put_data, spans_in
from outcrop.delivery.mlflow.experiments import Experiments
from outcrop.delivery.mlflow.keepers import TraceInHand, otlp_request
from outcrop.delivery.mlflow.remembered import Remembered
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError, Site, refusal
from outcrop.delivery.mlflow.span_form import SpanForm
from outcrop.delivery.mlflow.tables_form import SPANS_TABLE, schema_location
from outcrop.delivery.mlflow.trace_form import experiment_location, trace_info
from outcrop.exceptions import ConfigurationError
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

DESTINATION = "MLFLOW_TRACING_DESTINATION"
_TABLE_HEADER = "X-Databricks-UC-Table-Name"
_NOT_FOUND = 404
_BLOCK = base64.b64encode(b"outcrop-0000").decode()
_BLOCK_LIST = (
    f"<?xml version='1.0' encoding='utf-8'?><BlockList><Uncommitted>{_BLOCK}</Uncommitted></BlockList>"
)
_STORAGE_TIMEOUT_S = 30.0


class StorageFiles:
    """A trace's data in the workspace's storage, by the signed addresses that it hands out."""

    def __init__(self, rest: MlflowRest) -> None:
        """`rest` is the workspace."""
        self._rest = rest
        self._site = Site("the workspace's storage", login="the signed address is refused")

    def read(self, info: JsonObject) -> bytes | None:
        """See `DataStore`."""
        try:
            given = self._credentials(info, "download")
        except RefusedError as error:
            if error.is_missing:
                return None
            raise
        answer = self._ask("GET", given)
        if answer.status == _NOT_FOUND:
            return None
        if not answer.is_good:
            raise self._storage_refusal(answer)
        return answer.body

    def write(self, info: JsonObject, data: bytes) -> None:
        """See `DataStore`. Azure's data lake wants an empty file first, its blobs a list of blocks."""
        given = self._credentials(info, "upload")
        kind = as_text(given.get("type")) or ""
        if kind == "AZURE_ADLS_GEN2_SAS_URI":
            self._put("PUT", given, b"", "resource=file")
            self._put("PATCH", given, data, "action=append&position=0&flush=true")
        elif kind == "AZURE_SAS_URI":
            named = {"x-ms-blob-type": "BlockBlob"}
            self._put("PUT", given, data, f"comp=block&blockid={quote(_BLOCK, safe='')}", named)
            self._put("PUT", given, _BLOCK_LIST.encode(), "comp=blocklist")
        elif kind in {"AWS_PRESIGNED_URL", "GCP_SIGNED_URL"}:
            self._put("PUT", given, data)
        else:
            raise RefusedError(
                f"the workspace keeps traces in a storage ({kind or 'unnamed'}) that Outcrop does not know",
                is_final=True,
            )

    def _credentials(self, info: JsonObject, way: str) -> JsonObject:
        trace_id = as_text(info.get("trace_id")) or ""
        answer = self._rest.get(f"/api/2.0/mlflow/traces/{trace_id}/credentials-for-data-{way}")
        return as_object(answer.get("credential_info"))

    def _put(
        self,
        method: str,
        given: JsonObject,
        data: bytes,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        answer = self._ask(method, given, data, query, headers)
        if not answer.is_good:
            raise self._storage_refusal(answer)

    def _storage_refusal(self, answer: Answer) -> RefusedError:
        error = refusal(answer, self._site)
        # A signed address ends; another one is asked for with the next try.
        error.is_final = False
        return error

    def _ask(
        self,
        method: str,
        given: JsonObject,
        data: bytes | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        address = as_text(given.get("signed_uri")) or ""
        parts = urlsplit(address)
        named = {
            str(as_object(each).get("name")): str(as_object(each).get("value"))
            for each in as_list(given.get("headers"))
        }
        if (as_text(given.get("type")) or "").startswith("AZURE"):
            # Azure's own alone, as the published client sends them.
            named = {name: value for name, value in named.items() if name.startswith("x-ms-")}
        asked = "&".join(each for each in (parts.query, query) if each)
        # The workspace's token is not for the storage.
        connection = Connection(f"{parts.scheme}://{parts.netloc}", timeout_s=_STORAGE_TIMEOUT_S)
        try:
            route = f"{parts.path}?{asked}" if asked else parts.path
            return connection.ask(method, route, data, {**named, **(headers or {})})
        finally:
            connection.close()


class ExperimentKeeper:
    """An experiment whose traces lie in files: each batch brings what is known of its traces anew."""

    def __init__(self, rest: MlflowRest, began_ns: int) -> None:
        """See `ServerKeeper`."""
        self._rest = rest
        self._experiments = Experiments(rest)
        self._remembered = Remembered(keeps_spans=True)
        self._files = StorageFiles(rest)
        self._began_ns = began_ns

    def keep(self, experiment: str, traces: Sequence[TraceInHand]) -> None:
        """See `Keeper`."""
        location = experiment_location(self._experiments.id_of(experiment))
        for trace in traces:
            self._keep(trace, location)

    def _keep(self, trace: TraceInHand, location: JsonObject) -> None:
        before = self._remembered.of(trace.trace_id)
        sofar = before.plus(trace.forms)
        root = next((form for form in trace.forms if form.is_root), None)
        info: JsonObject = {"trace_id": words.mlflow_trace_id(trace.trace_id)}
        is_there = before.is_begun or (
            root is None
            and may_have_earlier(sofar, self._began_ns)
            and bool(spans_in(self._files.read(info)))
        )
        if root is not None or not is_there:
            said = trace_info(
                root or sofar.root or trace.forms[0],
                sofar.parts,
                location,
                service=trace.service,
                adds_sums=True,
                most_of_preview=words.MOST_OF_DATABRICKS_PREVIEW,
            )
            self._rest.send("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": said}})
        put_data(self._files, info, sofar, self._began_ns)
        sofar.is_begun = True
        self._remembered.keep(trace.trace_id, sofar)


class CatalogKeeper:
    """Tables of Unity Catalog: spans by OTLP, and the summary of each trace whose root has come."""

    def __init__(self, rest: MlflowRest, schema: tuple[str, str]) -> None:
        """`schema` is catalog and schema."""
        self._rest = rest
        self._schema = schema
        self._place = ".".join(schema)
        self._remembered = Remembered(keeps_spans=False)

    def keep(self, experiment: str, traces: Sequence[TraceInHand]) -> None:  # noqa: ARG002  # a table is of no experiment
        """See `Keeper`."""
        forms = [self._placed(form) for trace in traces for form in trace.forms]
        headers = {"Content-Type": "application/x-protobuf", _TABLE_HEADER: f"{self._place}.{SPANS_TABLE}"}
        self._rest.raw("POST", "/api/2.0/otel/v1/traces", otlp_request(forms), headers)
        for trace in traces:
            self._send_summary(trace)

    def _placed(self, form: SpanForm) -> SpanForm:
        """With the trace's id as it is in a table."""
        record = form.record
        named = {words.REQUEST_ID: f"trace:/{self._place}/{record.trace_id.hex()}"}
        return replace(form, record=replace(record, attributes={**record.attributes, **named}))

    def _send_summary(self, trace: TraceInHand) -> None:
        sofar = self._remembered.of(trace.trace_id).plus(trace.forms)
        root = next((form for form in trace.forms if form.is_root), None)
        if root is not None:
            info = trace_info(
                root,
                sofar.parts,
                schema_location(self._schema),
                service=trace.service,
                adds_sums=True,
                most_of_preview=words.MOST_OF_DATABRICKS_PREVIEW,
            )
            plain_id = trace.trace_id.hex()
            metadata = {**info["trace_metadata"], words.SCHEMA_VERSION: "4"}
            said = {**info, "trace_id": plain_id, "trace_metadata": metadata}
            self._rest.send("POST", f"/api/4.0/mlflow/traces/{self._place}/{plain_id}/info", said)
        self._remembered.keep(trace.trace_id, sofar)


def catalog_schema(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """The schema of Unity Catalog that traces go to; None for the experiment's own storage.

    Raises:
        ConfigurationError: the variable names something else.
    """
    given = (os.environ if environment is None else environment).get(DESTINATION, "").strip()
    if not given or given.isdecimal():
        return None
    catalog, _, schema = given.partition(".")
    if not catalog or not schema or "." in schema or "/" in given:
        raise ConfigurationError(
            f"{DESTINATION} is {given!r}: give CATALOG.SCHEMA, such as main.observability, or leave it empty."
        )
    return catalog, schema
