"""Outcrop's own attribute names: what the conventions have no word for.

The raw exchange travels in the first group; everything that a view shows is read from it
(see `outcrop.views`). Values are strings unless a comment says otherwise.
"""

# The exchange, as it was on the wire.
AWS_SERVICE = "outcrop.aws.service"  # botocore's service name, such as bedrock-runtime
AWS_OPERATION = "outcrop.aws.operation"  # botocore's operation name, such as ConverseStream
REQUEST_BODY = "outcrop.request.body"  # bytes
REQUEST_PARAMS = "outcrop.request.params"  # JSON object: the arguments that the body does not hold
RESPONSE_BODY = "outcrop.response.body"  # bytes
RESPONSE_FIELDS = "outcrop.response.fields"  # JSON object: answer members from headers, token counts too
STREAM_CHUNKS = "outcrop.stream.chunks"  # bytes: see outcrop.bedrock.chunks
STREAM_OUTCOME = "outcrop.stream.outcome"  # complete, cancelled, not_consumed, error
STREAM_END_REASON = "outcrop.stream.end_reason"  # see outcrop.genai.stream.EndReason

# Spans of the user's own functions.
SPAN_TYPE = "outcrop.span.type"  # a value of outcrop.entities.SpanType
INPUTS = "outcrop.span.inputs"  # JSON
OUTPUTS = "outcrop.span.outputs"  # JSON

# On the resource: one process sends to one experiment at a time.
EXPERIMENT_NAME = "outcrop.experiment.name"

# Grouping, on the root span.
SESSION_ID = "session.id"
USER_ID = "user.id"
TAG_PREFIX = "outcrop.tag."

# Events.
ATTEMPT_EVENT = "outcrop.attempt"  # one HTTP attempt of a call
ATTEMPT_NUMBER = "outcrop.attempt.number"  # int, from 1
ATTEMPT_BODY = "outcrop.attempt.body"  # the body of an error answer, its first 4 KB
CHUNK_EVENT_PREFIX = "outcrop.chunk."
