"""MLflow's own names, as its clients and servers have them. Plain data."""

TRACE_ID_PREFIX = "tr-"

# Attributes of a span.
REQUEST_ID = "mlflow.traceRequestId"
SPAN_TYPE = "mlflow.spanType"
INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
MESSAGE_FORMAT = "mlflow.message.format"
MODEL = "mlflow.llm.model"
MODEL_PROVIDER = "mlflow.llm.provider"
CHAT_TOOLS = "mlflow.chat.tools"
TOKEN_USAGE = "mlflow.chat.tokenUsage"  # noqa: S105  # no password
COST = "mlflow.llm.cost"

# Metadata and tags of a trace.
SCHEMA_VERSION = "mlflow.trace_schema.version"
TRACE_INPUTS = "mlflow.traceInputs"
TRACE_OUTPUTS = "mlflow.traceOutputs"
TRACE_SESSION = "mlflow.trace.session"
TRACE_USER = "mlflow.trace.user"
TRACE_TOKEN_USAGE = "mlflow.trace.tokenUsage"  # noqa: S105  # likewise
TRACE_COST = "mlflow.trace.cost"
SOURCE_NAME = "mlflow.source.name"
TRACE_NAME = "mlflow.traceName"
SPANS_LOCATION = "mlflow.trace.spansLocation"
IN_TRACKING_STORE = "TRACKING_STORE"
ARTIFACT_LOCATION = "mlflow.artifactLocation"

# What every store behind an MLflow server takes.
MOST_OF_METADATA = 250
MOST_OF_TAG = 4096
MOST_OF_PREVIEW = 1000
MOST_OF_DATABRICKS_PREVIEW = 10_000

EXPERIMENT_HEADER = "x-mlflow-experiment-id"
OLDEST = (3, 4)
# From here on one request may hold spans of many traces, and may be compressed.
TAKES_MANY_TRACES = (3, 17)


def mlflow_trace_id(trace_id: bytes) -> str:
    """A trace's id as MLflow writes it."""
    return TRACE_ID_PREFIX + trace_id.hex()


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, with a mark where it was longer."""
    return text if len(text) <= most else text[: most - 3] + "..."
