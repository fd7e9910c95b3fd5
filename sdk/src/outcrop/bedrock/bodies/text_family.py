"""Where each prompt-in, text-out family keeps its words, reasons and counts: a table for `text_completion`.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html and, beside
it, model-parameters-meta, -mistral-text-completion, -anthropic-claude-text-completion, -cohere-command,
-jurassic2, -deepseek and, for imported models, invoke-imported-model.html.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from outcrop.bedrock.bodies.prompt_turns import CLAUDE, Markup


@dataclass(frozen=True)
class TextFamily:
    """Where a family keeps things.

    Attributes:
        vendors: whose models speak it.
        marks: members of a request or an answer that tell it where the model id does not.
        prompt: the request's member that holds the prompt.
        text: the result's member that holds the words.
        holder: the result's member that holds `text`, if one stands between.
        reasons: the result's members that may say why it stopped.
        results: the list that wraps the answer, if one does.
        input_tokens: the answer's member that counts the prompt.
        output_tokens: the result's (or the answer's) member that counts the text.
        renamed: members of a stream's chunks that the plain answer calls otherwise; None: it has none.
        markup: how turns are marked in its prompts, if in ordinary words.
    """

    vendors: frozenset[str]
    marks: frozenset[str]
    prompt: str
    text: str
    reasons: tuple[str, ...]
    results: str | None = None
    holder: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    renamed: MappingProxyType[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    markup: Markup | None = None


CLAUDE_TEXT = TextFamily(
    vendors=frozenset({"anthropic"}),
    marks=frozenset({"max_tokens_to_sample", "completion"}),
    prompt="prompt",
    text="completion",
    reasons=("stop_reason",),
    markup=CLAUDE,
)
TITAN_TEXT = TextFamily(
    vendors=frozenset({"amazon"}),
    marks=frozenset({"textGenerationConfig", "results", "outputText"}),
    prompt="inputText",
    text="outputText",
    reasons=("completionReason",),
    results="results",
    input_tokens="inputTextTokenCount",
    output_tokens="tokenCount",
    renamed=MappingProxyType({"totalOutputTextTokenCount": "tokenCount", "index": None}),
)
LLAMA = TextFamily(
    vendors=frozenset({"meta"}),
    marks=frozenset({"max_gen_len", "generation"}),
    prompt="prompt",
    text="generation",
    reasons=("stop_reason",),
    input_tokens="prompt_token_count",
    output_tokens="generation_token_count",
)
MISTRAL_TEXT = TextFamily(
    vendors=frozenset({"mistral"}),
    marks=frozenset({"outputs"}),
    prompt="prompt",
    text="text",
    reasons=("stop_reason",),
    results="outputs",
)
COHERE_COMMAND = TextFamily(
    vendors=frozenset({"cohere"}),
    marks=frozenset({"generations", "is_finished", "num_generations", "return_likelihoods"}),
    prompt="prompt",
    text="text",
    reasons=("finish_reason",),
    results="generations",
    renamed=MappingProxyType({"is_finished": None, "index": None}),
)
JURASSIC = TextFamily(
    vendors=frozenset({"ai21"}),
    marks=frozenset({"completions", "numResults", "countPenalty"}),
    prompt="prompt",
    text="text",
    reasons=("finishReason",),
    results="completions",
    holder="data",
)
# DeepSeek-R1, and the OpenAICompletion format of imported models, which counts in `usage`.
CHOICES_TEXT = TextFamily(
    vendors=frozenset({"deepseek", "openai", "qwen"}),
    marks=frozenset({"choices"}),
    prompt="prompt",
    text="text",
    reasons=("finish_reason", "stop_reason"),
    results="choices",
)
# The last resort for a prompt whose answer has not come or tells nothing: the prompt at least is shown.
ANY_PROMPT = TextFamily(
    vendors=frozenset(),
    marks=frozenset({"prompt"}),
    prompt="prompt",
    text="generation",
    reasons=("stop_reason",),
)
