"""The shapes of making and changing experiments, and of how long their traces are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from outcrop_server.api.judging_schemas import Name, Short
from outcrop_server.api.schemas import ApiModel

AgeText = Annotated[str, StringConstraints(pattern="^([1-9][0-9]{0,5}[mhdwy]|never)$")]


class Retention(ApiModel):
    """How long traces are kept. Null is no limit of its own."""

    is_kept: bool = Field(False, description="Nothing of it is ever removed.")
    max_age: AgeText | None = Field(
        None, description="Such as 12h, 30d or 1y; `never` against a general limit."
    )
    max_traces: int | None = Field(None, ge=1, le=10**15)
    max_bytes: int | None = Field(None, ge=1, le=10**15)


class NewExperiment(ApiModel):
    """An experiment that is to be made."""

    name: Name
    description: Short = ""


class ExperimentChange(ApiModel):
    """What is to change of an experiment; what is left out stays."""

    name: Name | None = Field(None, description="Programs that send under the old name are still heard.")
    description: Short | None = None
    is_archived: bool | None = Field(None, description="Put away: not offered, but it takes traces.")
    retention: Retention | None = Field(None, description="Its own limits; null takes them back.")


class ExperimentRetention(ApiModel):
    """How long the traces of an experiment are kept."""

    experiment_id: str
    name: str
    own: Retention | None = Field(description="What was said of it here.")
    in_force: Retention
    source: Literal["option", "page", "none"] = Field(
        description="`option`: the server's options name it, and go before what is said here."
    )


class RetentionAnswer(ApiModel):
    """How long traces are kept."""

    general: Retention = Field(description="Of every trace: age; of the whole store: traces and bytes.")
    interval_s: float = Field(description="How often the server looks for what has to go.")
    ages_by_days: bool = Field(
        description="Whether ages of seven days and more end with a day (UTC): the store keeps days apart."
    )
    experiments: list[ExperimentRetention]


class ExperimentSize(ApiModel):
    """What an experiment takes in the store."""

    kept_bytes: int
