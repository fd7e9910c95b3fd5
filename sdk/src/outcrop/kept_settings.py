"""What the user says of what is kept: content, redaction, size limits, sampling. Checked when it is given.

Read from the environment by `settings`, changed by `outcrop.configure`, obeyed by `outcrop.policy`. Where
OpenTelemetry has a variable of the same meaning, it goes before Outcrop's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from outcrop.exceptions import ConfigurationError

EVERYTHING, NO_CONTENT, METADATA = "everything", "no_content", "metadata"
# From the most that is kept to the least.
CONTENT_MODES = (EVERYTHING, NO_CONTENT, METADATA)
READY_REDACTIONS = ("aws_keys", "bearer_tokens", "email_addresses", "card_numbers")
ALL_READY = "all"

_ON, _OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})
_SAMPLERS = ("always_on", "always_off", "traceidratio")
_PARENT_BASED = "parentbased_"
# Valid for other tracers, which may be in the same program; Outcrop then keeps what it keeps by default.
_OTHERS_SAMPLERS = frozenset({"jaeger_remote", "parentbased_jaeger_remote", "xray"})
# Of OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT. Outcrop writes no content into log events.
_CAPTURED = {
    "true": EVERYTHING,
    "span_only": EVERYTHING,
    "span_and_event": EVERYTHING,
    "false": NO_CONTENT,
    "no_content": NO_CONTENT,
    "event_only": NO_CONTENT,
}

Redaction = str | re.Pattern[str] | Callable[[str], str]
Sampler = Callable[[str, Mapping[str, Any]], "bool | float"]


@dataclass(frozen=True)
class KeptSettings:
    """What is kept.

    Attributes:
        content: one of `CONTENT_MODES`.
        redactions: names of `READY_REDACTIONS`, patterns, and functions from text to text, in their order.
        max_text_length: characters of one text; None for no limit.
        max_body_bytes: bytes of one body, stream, input or output; None for no limit.
        max_attributes: attributes of one span; None for no limit.
        sampler: the share of traces that is kept, from 0 to 1, or a function that gives it from a root
            span's name and attributes; None where nobody asked for sampling.
        is_parent_based: whether another process's or library's parent span decides, where there is one.
        keeps_errors: whether a trace is kept, whatever the sampler says, if a span of it failed.
        keeps_slower_than_s: likewise if its root took longer, in seconds; None for no such rule.
    """

    content: str = EVERYTHING
    redactions: tuple[Redaction, ...] = ()
    max_text_length: int | None = None
    max_body_bytes: int | None = None
    max_attributes: int | None = None
    sampler: float | Sampler | None = None
    is_parent_based: bool = True
    keeps_errors: bool = False
    keeps_slower_than_s: float | None = None

    @property
    def holds_traces(self) -> bool:
        """Whether a trace that the sampler would leave out waits for its end."""
        return self.keeps_errors or self.keeps_slower_than_s is not None

    @property
    def changes_nothing(self) -> bool:
        """Whether spans go out as they were recorded."""
        limits = (self.max_text_length, self.max_body_bytes, self.max_attributes)
        return self.content == EVERYTHING and not self.redactions and limits == (None, None, None)


def read_kept(given: Mapping[str, str]) -> KeptSettings:
    """Reads the variables.

    Raises:
        ConfigurationError: a value is wrong; the message names the variable and what is valid.
    """
    ratio, is_parent_based = _read_sampler(given)
    slower = given.get("OUTCROP_KEEP_SLOWER_THAN_S")
    return KeptSettings(
        content=_read_content(given),
        redactions=check_redactions("OUTCROP_REDACT", _listed(given.get("OUTCROP_REDACT"))),
        max_text_length=_first_count(
            given,
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OUTCROP_MAX_TEXT_LENGTH",
        ),
        max_body_bytes=_first_count(given, "OUTCROP_MAX_BODY_BYTES"),
        max_attributes=_first_count(
            given, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT", "OUTCROP_MAX_ATTRIBUTES"
        ),
        sampler=ratio,
        is_parent_based=is_parent_based,
        keeps_errors=read_flag(given, "OUTCROP_KEEP_ERRORS"),
        keeps_slower_than_s=check_seconds("OUTCROP_KEEP_SLOWER_THAN_S", slower) if slower else None,
    )


def read_flag(given: Mapping[str, str], name: str) -> bool:
    """A variable that says yes or no."""
    value = given.get(name, "").strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise ConfigurationError(f"{name} is {value!r}: give 1, true, yes or on, or 0, false, no or off.")


def check_content(name: str, value: Any) -> str:
    """A content mode."""
    if value in CONTENT_MODES:
        return str(value)
    raise ConfigurationError(f"{name} is {value!r}: give one of {', '.join(CONTENT_MODES)}.")


def check_redactions(name: str, given: Any) -> tuple[Redaction, ...]:
    """Redactions: one or several names, patterns or functions; `all` is every ready one."""
    found: list[Redaction] = []
    for entry in _several(given):
        if entry == ALL_READY:
            found.extend(READY_REDACTIONS)
        elif entry in READY_REDACTIONS or callable(entry) or _is_text_pattern(entry):
            found.append(cast("Redaction", entry))
        else:
            valid = ", ".join((*READY_REDACTIONS, ALL_READY))
            raise ConfigurationError(
                f"{name} has {entry!r}: give names out of {valid}; in code also compiled text patterns and "
                "functions that take a text and return it redacted."
            )
    return tuple(dict.fromkeys(found))


def check_count(name: str, value: Any) -> int:
    """A limit."""
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    raise ConfigurationError(f"{name} is {value!r}: give a whole number above 0, or nothing for no limit.")


def check_ratio(name: str, value: Any) -> float:
    """A share of traces."""
    number = _number(value)
    if number is not None and 0 <= number <= 1:
        return number
    raise ConfigurationError(f"{name} is {value!r}: give a number from 0 (none) to 1 (all).")


def check_seconds(name: str, value: Any) -> float:
    """A duration."""
    number = _number(value)
    if number is not None and 0 <= number < float("inf"):
        return number
    raise ConfigurationError(f"{name} is {value!r}: give a number of seconds, such as 2.5.")


def _read_content(given: Mapping[str, str]) -> str:
    """Where both variables are set the stricter one stands: what one of them hides stays hidden."""
    standard = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    modes = [EVERYTHING]
    captured = given.get(standard, "").strip().lower()
    if captured:
        if captured not in _CAPTURED:
            raise ConfigurationError(f"{standard} is {captured!r}: give one of {', '.join(_CAPTURED)}.")
        modes.append(_CAPTURED[captured])
    own = given.get("OUTCROP_CONTENT", "").strip().lower()
    if own:
        modes.append(check_content("OUTCROP_CONTENT", own))
    return max(modes, key=CONTENT_MODES.index)


def _read_sampler(given: Mapping[str, str]) -> tuple[float | None, bool]:
    """The share of traces, and whether parents decide."""
    name = "OTEL_TRACES_SAMPLER"
    value = given.get(name, "").strip().lower()
    if not value or value in _OTHERS_SAMPLERS:
        own = given.get("OUTCROP_SAMPLE_RATIO")
        return (check_ratio("OUTCROP_SAMPLE_RATIO", own) if own else None), True
    kind = value.removeprefix(_PARENT_BASED)
    if kind not in _SAMPLERS:
        valid = ", ".join((*_SAMPLERS, *(_PARENT_BASED + sampler for sampler in _SAMPLERS)))
        raise ConfigurationError(f"{name} is {value!r}: give one of {valid}.")
    ratio = {"always_on": 1.0, "always_off": 0.0}.get(kind)
    if ratio is None:
        ratio = check_ratio("OTEL_TRACES_SAMPLER_ARG", given.get("OTEL_TRACES_SAMPLER_ARG") or "1")
    return ratio, value.startswith(_PARENT_BASED)


def _first_count(given: Mapping[str, str], *names: str) -> int | None:
    return next((check_count(name, given[name]) for name in names if given.get(name)), None)


def _listed(value: str | None) -> list[str]:
    return [name.strip() for name in (value or "").split(",") if name.strip()]


def _several(given: Any) -> list[Any]:
    if isinstance(given, str | re.Pattern) or callable(given):
        return [cast("Any", given)]
    return list(given or ())


def _is_text_pattern(value: Any) -> bool:
    return isinstance(value, re.Pattern) and isinstance(cast("re.Pattern[Any]", value).pattern, str)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
