"""Outcrop's own attribute names: what the conventions have no word for.

The raw exchange travels in the first group; everything that a view shows is read from it
(see `outcrop.views`). Values are strings unless a comment says otherwise.
"""

# The exchange, as it was on the wire.
AWS_SERVICE = "outcrop.aws.service"  # botocore's service name, such as bedrock-runtime
AWS_OPERATION = "outcrop.aws.operation"  # botocore's operation name, such as ConverseStream
REQUEST_BODY = "outcrop.request.body"  # bytes
REQUEST_MEMBER = "outcrop.request.member"  # the argument that the body is; absent where it is all of them
REQUEST_PARAMS = "outcrop.request.params"  # JSON object: the arguments that the body does not hold
RESPONSE_BODY = "outcrop.response.body"  # bytes
RESPONSE_MEMBER = "outcrop.response.member"  # the member that the body or stream is; absent likewise
RESPONSE_FIELDS = "outcrop.response.fields"  # JSON object: answer members from headers, token counts too
STREAM_CHUNKS = "outcrop.stream.chunks"  # bytes: see outcrop.bedrock.chunks
STREAM_OUTCOME = "outcrop.stream.outcome"  # complete, cancelled, not_consumed, error
STREAM_END_REASON = "outcrop.stream.end_reason"  # see outcrop.genai.stream.EndReason

# A guardrail, beside the conventions' `aws.bedrock.guardrail.id`.
GUARDRAIL_VERSION = "outcrop.guardrail.version"
GUARDRAIL_ACTION = "outcrop.guardrail.action"  # INTERVENED or NONE, where the answer says it

# Derived from a stream: output tokens a second, from the first piece to the last.
STREAM_TOKENS_PER_SECOND = "outcrop.stream.output_tokens_per_second"  # float

# What the form for other back ends adds (see outcrop.normalised); an Outcrop server derives it itself.
RESPONSE_FINISH_REASONS = "outcrop.response.finish_reasons"  # list: the provider's own words
LEFT_OUT = "outcrop.left_out"  # list: the attributes that were too long and were cut, and `events`
PROBLEM = "outcrop.problem"  # why some of the exchange could not be read

# Spans of the user's own functions.
SPAN_TYPE = "outcrop.span.type"  # a value of outcrop.entities.SpanType
INPUTS = "outcrop.span.inputs"  # JSON
OUTPUTS = "outcrop.span.outputs"  # JSON
RETURN_VALUE = "outcrop.span.return_value"  # JSON: what a generator returned, beside what it yielded
STREAM_ITEMS = "outcrop.stream.items"  # int: how many items a generator yielded

# What a model's identifier says; derived, so that old traces gain it too.
MODEL_VENDOR = "outcrop.model.vendor"  # such as anthropic
MODEL_FAMILY = "outcrop.model.family"  # such as claude
MODEL_REGION_GROUP = "outcrop.model.region_group"  # us, eu, apac, global, ...
MODEL_ARN_KIND = "outcrop.model.arn_kind"  # such as application-inference-profile
# The model behind an application inference profile, where somebody looked it up: sent, not derived.
MODEL_RESOLVED = "outcrop.model.resolved"

# What was kept of the span, where that is not everything.
CONTENT = "outcrop.content"  # no_content or metadata: see outcrop.kept_settings
CUT = "outcrop.cut"  # list of text: attributes of this span that a size limit replaced by a mark
DROPPED_ATTRIBUTES = "outcrop.dropped_attributes"  # int: how many a limit left out
# Derived from a body before it was left out.
TOOL_CALLS = "outcrop.response.tool_calls"  # list of text: names of the tools that the answer asks for
SERVICE_TIER = "outcrop.service_tier"  # such as priority; absent for the standard one

# On the resource: one process sends to one experiment at a time.
EXPERIMENT_NAME = "outcrop.experiment.name"

# Grouping, on the root span; any other span of the trace may carry them too, and what ended last counts.
SESSION_ID = "session.id"
USER_ID = "user.id"
TAG_PREFIX = "outcrop.tag."
METADATA_PREFIX = "outcrop.metadata."

# Events.
ATTEMPT_EVENT = "outcrop.attempt"  # one HTTP attempt of a call
ATTEMPT_NUMBER = "outcrop.attempt.number"  # int, from 1
ATTEMPT_DURATION_NS = "outcrop.attempt.duration_ns"  # int: from sending to the answer's head
ATTEMPT_DELAY_NS = "outcrop.attempt.delay_ns"  # int: the wait since the attempt before
ATTEMPT_BODY = "outcrop.attempt.body"  # the body of an error answer, its first 4 KB
CHUNK_EVENT_PREFIX = "outcrop.chunk."
