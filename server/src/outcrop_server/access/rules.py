"""Which role a request needs, by its method and path; what a route refuses beyond that it says itself.

What is not named here is for `admin`, so that a new route opens to nobody by being forgotten.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from outcrop_server.model.access import Role

Need = Literal["nothing", "anyone", "write", "read", "admin"]

# The page itself shows nothing without the API, and probes of the server's health hold no token.
_GUARDED = ("/api", "/v1", "/metrics")
_LOOKING = frozenset({"GET", "HEAD"})
_RULES: tuple[tuple[str, re.Pattern[str], Need], ...] = (
    ("POST", re.compile(r"/v1/.+"), "write"),
    # Who signs in is not known yet; who signs out may have lost the session already.
    ("POST|DELETE", re.compile(r"/api/session"), "nothing"),
    ("GET|HEAD", re.compile(r"/api/session"), "anyone"),
    ("GET|HEAD|POST|DELETE", re.compile(r"/api/tokens(/.*)?"), "admin"),
    # Questions too long for an address.
    ("POST", re.compile(r"/api/traces/(search|export|count|assessments)"), "read"),
    ("POST", re.compile(r"/api/(aggregates|facets|timeline|compare|export)"), "read"),
    # Readers judge, in their own name; the routes see to it.
    ("PATCH", re.compile(r"/api/traces/[^/]+"), "read"),
    ("POST", re.compile(r"/api/traces/[^/]+/assessments"), "read"),
    ("PATCH|DELETE", re.compile(r"/api/traces/[^/]+/assessments/[^/]+"), "read"),
    # So do readers keep views, and change their own.
    ("POST", re.compile(r"/api/views"), "read"),
    ("PUT|DELETE", re.compile(r"/api/views/[^/]+"), "read"),
    # What an MLflow client asks before it sends, and what it sends: a program's token is enough.
    ("GET", re.compile(r"/api/3\.0/mlflow/server-(info|features)"), "anyone"),
    ("GET", re.compile(r"/api/2\.0/mlflow/experiments/(get|get-by-name)"), "anyone"),
    ("POST", re.compile(r"/api/2\.0/mlflow/experiments/create"), "write"),
    ("POST", re.compile(r"/api/3\.0/mlflow/traces"), "write"),
    ("PUT", re.compile(r"/api/2\.0/mlflow-artifacts/artifacts/.+"), "write"),
    ("GET", re.compile(r"/api/2\.0/mlflow/runs/get"), "anyone"),
    (
        "POST",
        re.compile(
            r"/api/2\.0/mlflow/(runs/(create|update|log-(batch|metric|parameter)|(set|delete)-tag)"
            r"|traces/link-to-run)"
        ),
        "write",
    ),
    # Questions.
    ("POST", re.compile(r"/api/2\.0/mlflow/(experiments|runs|logged-models)/search"), "read"),
    ("POST", re.compile(r"/api/3\.0/mlflow/traces/(search|batchGetInfos)"), "read"),
    # Judging, as above.
    ("PATCH|DELETE", re.compile(r"/api/2\.0/mlflow/traces/[^/]+/tags"), "read"),
    ("POST", re.compile(r"/api/3\.0/mlflow/traces/[^/]+/assessments"), "read"),
    ("PATCH|DELETE", re.compile(r"/api/3\.0/mlflow/traces/[^/]+/assessments/[^/]+"), "read"),
)
_MAY: dict[Role, frozenset[Need]] = {
    "write": frozenset({"nothing", "anyone", "write"}),
    "read": frozenset({"nothing", "anyone", "read"}),
    "admin": frozenset({"nothing", "anyone", "write", "read", "admin"}),
}


def need(method: str, path: str) -> Need:
    """What a request needs: a role, `anyone` who is known, or `nothing`."""
    if not any(path == prefix or path.startswith(f"{prefix}/") for prefix in _GUARDED):
        return "nothing"
    for methods, pattern, needed in _RULES:
        if method in methods.split("|") and pattern.fullmatch(path):
            return needed
    return "read" if method in _LOOKING else "admin"


def may(role: Role, needed: Need) -> bool:
    """Whether a role is enough."""
    return needed in _MAY[role]
