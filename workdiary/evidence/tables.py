"""The format said in other words, from the one table of kinds: a Markdown table and JSON schemas."""

from __future__ import annotations

from collections.abc import Iterator

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.kinds.base import COMMON, ON_BEHALF, Kind
from workdiary.evidence.records import KINDS

_HEAD = "| kind | field | type | clear or disclosable | signer |\n|---|---|---|---|---|\n"


def kinds_table() -> str:
    """One Markdown table, kind × field × type × clear or disclosable × signer; common fields first."""
    rows = [("every kind", f"`{name}`", field.describe(), "clear", "") for name, field in COMMON.items()]
    party = ", ".join(f"`{kind.name}`" for kind in KINDS.values() if kind.party)
    rows.append((f"every kind of a party: {party}", "`on_behalf`", ON_BEHALF.describe(), "clear", ""))
    for kind in KINDS.values():
        rows += _kind_rows(kind)
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def record_schema(name: str) -> JsonObject:
    """JSON Schema (2020-12) of the signed object of one kind; caps in bytes and joint rules are prose."""
    kind = KINDS[name]
    types = kind.clear_types()
    members: JsonObject = {field: type_.schema() for field, type_ in types.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"wd-{name}+sd-jwt",
        "description": kind.what,
        "type": "object",
        "properties": members,
        "required": [*types],
        "additionalProperties": False,
        "$defs": {"slots": _slots_schema(kind)},
    }


def _kind_rows(kind: Kind) -> Iterator[tuple[str, str, str, str, str]]:
    about = f"`{kind.name}`: {kind.what}"
    signers = ", ".join(_signer(kind, role) for role in kind.signers)
    fields = [(name, field.describe(), "clear") for name, field in kind.clear.items()]
    fields += [(name, field.describe(), "disclosable") for name, field in kind.slots.items()]
    fields += [
        (f"{prefix}.k", f"{counted.type.describe()}, 0 ≤ k < `{counted.count}`", "disclosable")
        for prefix, counted in kind.counted.items()
    ]
    for name, described, where in fields:
        yield about, f"`{name}`", described, where, signers
        about, signers = f"`{kind.name}`", ""


def _signer(kind: Kind, role: str) -> str:
    return role if kind.may_sign(role, None) else f"{role} with `on_behalf`"


def _slots_schema(kind: Kind) -> JsonObject:
    fixed: JsonObject = {name: field.schema() for name, field in kind.slots.items()}
    counted: dict[str, JsonValue] = {
        f"^{prefix}\\.(0|[1-9][0-9]*)$": field.type.schema() for prefix, field in kind.counted.items()
    }
    return {
        "description": "values of the disclosures, by slot",
        "type": "object",
        "properties": fixed,
        "patternProperties": counted,
        "additionalProperties": False,
    }
