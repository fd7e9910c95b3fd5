"""What a reader may say of traces: add tags, and judge in the token's own name. Admins may change all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.errors import ForbiddenError

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller
    from outcrop_server.model.annotations import TraceEdit
    from outcrop_server.query.judging import Judge


def author(caller: Caller, given: str | None) -> str | None:
    """Who is kept as a judgement's author: a reader's token speaks for itself alone."""
    if caller.is_anonymous:
        return given
    return (given or caller.name) if caller.role == "admin" else caller.name


def check_own(caller: Caller, judge: Judge, trace_id: bytes, assessment_id: str) -> None:
    """Lets a caller change a judgement.

    Raises:
        ForbiddenError: it is another's.
        NotFoundError: there is none of this id.
    """
    if caller.role == "admin":
        return
    kept = judge.assessment(trace_id, assessment_id)
    if kept.author != caller.name:
        raise ForbiddenError(
            f"The assessment {kept.assessment_id} is by {kept.author or 'somebody unnamed'}, and the token "
            f"'{caller.name}' changes its own alone. A token of role admin changes any."
        )


def check_edit(caller: Caller, judge: Judge, trace_id: bytes, edit: TraceEdit) -> None:
    """Lets a caller edit a trace.

    Raises:
        ForbiddenError: tags or metadata of others would change.
        NotFoundError: there is no such trace.
    """
    if caller.role == "admin":
        return
    known = judge.annotations(trace_id).tags
    changed = sorted(
        name for name, value in edit.tags.items() if value is None or known.get(name, value) != value
    )
    if changed or edit.metadata:
        what = f"the tag '{changed[0]}'" if changed else "a trace's metadata"
        raise ForbiddenError(
            f"Nothing was changed: {what} was set by others, and the token '{caller.name}' of role "
            f"{caller.role} adds tags alone. A token of role admin changes any."
        )
