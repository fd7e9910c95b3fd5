"""The few names of OpenInference that Outcrop writes, for back ends that came before `gen_ai`.

Source: Arize-ai/openinference, spec/semantic_conventions.md. Which of them are written, and why not more,
stands in `outcrop.normalised.open_inference`.
"""

SPAN_KIND = "openinference.span.kind"

INPUT_VALUE = "input.value"
INPUT_MIME_TYPE = "input.mime_type"
OUTPUT_VALUE = "output.value"
OUTPUT_MIME_TYPE = "output.mime_type"

LLM_MODEL_NAME = "llm.model_name"
LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters"
LLM_COUNT_PROMPT = "llm.token_count.prompt"
LLM_COUNT_COMPLETION = "llm.token_count.completion"
LLM_COUNT_TOTAL = "llm.token_count.total"
EMBEDDING_MODEL_NAME = "embedding.model_name"
RERANKER_MODEL_NAME = "reranker.model_name"

KIND_LLM = "LLM"
KIND_CHAIN = "CHAIN"
