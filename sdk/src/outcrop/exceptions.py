"""What Outcrop raises into user code, which it does for wrong configuration alone.

OutcropError
└── ConfigurationError   a setting or argument that cannot work; the message names the valid ones
"""


class OutcropError(Exception):
    """Base of all that Outcrop raises."""


class ConfigurationError(OutcropError, ValueError):
    """A setting or argument cannot work; the message says what would."""
