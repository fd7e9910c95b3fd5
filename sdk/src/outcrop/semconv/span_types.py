"""The kinds of spans. By themselves, since whoever traces needs no more of what readers are given."""

from __future__ import annotations

from typing import Final


class SpanType:
    """The kinds of spans. Any other text may be used as well."""

    LLM: Final = "LLM"
    CHAT_MODEL: Final = "CHAT_MODEL"
    AGENT: Final = "AGENT"
    TOOL: Final = "TOOL"
    CHAIN: Final = "CHAIN"
    RETRIEVER: Final = "RETRIEVER"
    EMBEDDING: Final = "EMBEDDING"
    RERANKER: Final = "RERANKER"
    PARSER: Final = "PARSER"
    MEMORY: Final = "MEMORY"
    WORKFLOW: Final = "WORKFLOW"
    TASK: Final = "TASK"
    GUARDRAIL: Final = "GUARDRAIL"
    EVALUATOR: Final = "EVALUATOR"
    UNKNOWN: Final = "UNKNOWN"
