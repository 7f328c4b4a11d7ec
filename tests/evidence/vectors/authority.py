"""Who may sign what: kind × role, with and without an account it is signed for."""

from __future__ import annotations

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.kinds.base import ROLES, Kind
from workdiary.evidence.records import KINDS

SOMEBODY = "01936e7a-0000-7000-8000-00000000000a"


def authority_vectors() -> JsonObject:
    """The table of kinds, told by what it allows."""
    return {
        "what": "roles that may sign each kind in their own name, and with `on_behalf` set (null: no field)",
        "roles": [*ROLES],
        "kinds": [_row(kind) for kind in KINDS.values()],
    }


def _row(kind: Kind) -> JsonObject:
    behalf: JsonValue = [*_roles(kind, SOMEBODY)] if kind.party else None
    return {"kind": kind.name, "own_name": [*_roles(kind, None)], "on_behalf": behalf, "stream": kind.scope}


def _roles(kind: Kind, on_behalf: str | None) -> list[str]:
    return [role for role in ROLES if kind.may_sign(role, on_behalf)]
