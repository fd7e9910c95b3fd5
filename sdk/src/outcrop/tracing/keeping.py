"""`configure` and `keeping`: what is kept of spans, and which traces are, for the process and for a block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from re import Pattern
from typing import Any, Final

from outcrop.exceptions import ConfigurationError
from outcrop.kept_settings import (
    KeptSettings,
    Redaction,
    Sampler,
    check_content,
    check_count,
    check_ratio,
    check_redactions,
    check_seconds,
)
from outcrop.runtime import get_runtime


class _Unchanged:
    """Stands for an argument that was not given."""

    def __repr__(self) -> str:
        return "unchanged"


_UNCHANGED: Final = _Unchanged()


def configure(
    *,
    content: str | _Unchanged = _UNCHANGED,
    redact: str | Pattern[str] | Callable[[str], str] | Iterable[Redaction] | _Unchanged | None = _UNCHANGED,
    max_text_length: int | _Unchanged | None = _UNCHANGED,
    max_body_bytes: int | _Unchanged | None = _UNCHANGED,
    max_attributes: int | _Unchanged | None = _UNCHANGED,
    sample: float | Sampler | _Unchanged | None = _UNCHANGED,
    keep_errors: bool | _Unchanged = _UNCHANGED,
    keep_slower_than_s: float | _Unchanged | None = _UNCHANGED,
) -> None:
    """Says what is kept. What is not given stays as it is, as the environment or an earlier call has it.

    Content, redaction and limits hold for spans that end from now on, sampling for those that begin.

    Args:
        content: `everything`; `no_content` (structure without what was said); `metadata` (no bodies).
        redact: what is hidden before anything leaves the process: names of the ready set (`aws_keys`,
            `bearer_tokens`, `email_addresses`, `card_numbers`, or `all`), compiled patterns, and functions
            that take a text and return it redacted; one or several. None hides nothing.
        max_text_length: characters of one text, at most; None for no limit.
        max_body_bytes: bytes of one body, stream, input or output, at most; None for no limit.
        max_attributes: attributes of one span, at most; None for no limit.
        sample: the share of traces that is kept, from 0 to 1, or a function that gives it, or True or
            False, from a root span's name and its attributes. None keeps all.
        keep_errors: whether traces in which a span failed are kept whatever `sample` says.
        keep_slower_than_s: likewise traces whose root took longer, in seconds; None for no such rule.

    Raises:
        ConfigurationError: a value is wrong; the message says what is valid. Nothing is changed then.
    """
    given = {name: value for name, value in locals().items() if value is not _UNCHANGED}
    changes = {_FIELDS[name]: _checked(name, value) for name, value in given.items()}
    runtime = get_runtime()
    kept: KeptSettings = replace(runtime.kept, **changes)
    runtime.keep(kept)


@contextmanager
def keeping(*, content: str | None = None, sample: float | None = None) -> Generator[None, None, None]:
    """Says what is kept of the spans that begin within a block, whatever holds for the process.

    Args:
        content: the content mode, as in `configure`; None for what holds outside of the block.
        sample: the share of traces: 1 keeps, 0 leaves out, for a block within a trace too. None likewise.

    Raises:
        ConfigurationError: a value is wrong; the message says what is valid.
    """
    # With sampling comes code that programs without it never load.
    from outcrop.policy.choosing import OVERRIDE, Override  # noqa: PLC0415

    mode = None if content is None else check_content("content", content)
    share = None if sample is None else check_ratio("sample", sample)
    get_runtime().allow_overrides()
    outer = OVERRIDE.get()
    token = OVERRIDE.set(Override(mode or outer.content, outer.sample if share is None else share))
    try:
        yield
    finally:
        OVERRIDE.reset(token)


_FIELDS: Mapping[str, str] = {
    "content": "content",
    "redact": "redactions",
    "max_text_length": "max_text_length",
    "max_body_bytes": "max_body_bytes",
    "max_attributes": "max_attributes",
    "sample": "sampler",
    "keep_errors": "keeps_errors",
    "keep_slower_than_s": "keeps_slower_than_s",
}


def _checked(name: str, value: Any) -> Any:
    if name == "content":
        return check_content(name, value)
    if name == "redact":
        return check_redactions(name, value)
    if name == "keep_errors":
        if isinstance(value, bool):
            return value
        raise ConfigurationError(f"keep_errors is {value!r}: give True or False.")
    if value is None or (name == "sample" and callable(value)):
        return value
    if name == "sample":
        return check_ratio(name, value)
    return check_seconds(name, value) if name == "keep_slower_than_s" else check_count(name, value)
