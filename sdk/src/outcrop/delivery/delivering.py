"""What destinations behind a queue have in common: they hand everything to their pipeline."""

from __future__ import annotations

from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.stats import DeliveryStats


class Delivering:
    """A destination's side that takes spans.

    Attributes:
        pipeline: the queue and its thread.
        submit: takes an ended span. The pipeline's own: one step less on the program's thread.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """`pipeline` is this destination's alone."""
        self.pipeline = pipeline
        self.submit = pipeline.submit

    def flush(self, timeout_s: float) -> bool:
        """Delivers or spools what is queued."""
        return self.pipeline.flush(timeout_s)

    def shutdown(self, timeout_s: float) -> None:
        """Flushes and ends the delivery thread."""
        self.pipeline.shutdown(timeout_s)

    def stats(self) -> DeliveryStats:
        """How delivery goes."""
        return self.pipeline.stats()

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child."""
        self.pipeline.after_fork_in_child()
