"""Writes what is generated from the code: the format's table, the JSON schemas, the shared vectors.

`python -m tests.evidence.generate` writes the files; test_generated.py compares them with the code.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.evidence.vectors.authority import authority_vectors
from tests.evidence.vectors.bundle import bundle_vectors, good
from tests.evidence.vectors.log import log_vectors
from tests.evidence.vectors.notes import leaf_vectors, note_vectors, receipt_vectors
from tests.evidence.vectors.records import record_vectors
from tests.evidence.vectors.recovery import recovery_vectors
from tests.evidence.vectors.refused import refused_vectors
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.records import KINDS
from workdiary.evidence.tables import kinds_table, record_schema

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = "docs/evidence-format.md"
BEGIN, END = "<!-- generated: kinds -->\n", "<!-- end of generated -->\n"


def vectors() -> dict[str, JsonObject]:
    """The shared vectors: name below resources/vectors → content."""
    return {
        "records": record_vectors(),
        "refused": refused_vectors(),
        "log": log_vectors(),
        "notes": note_vectors(),
        "leaves": leaf_vectors(),
        "receipts": receipt_vectors(),
        "recovery": recovery_vectors(),
        "authority": authority_vectors(),
        "bundles": bundle_vectors(),
    }


def documents() -> dict[str, str]:
    """Every generated file: path below the repository → text."""
    files = {f"resources/schemas/record-{kind}.json": pretty(record_schema(kind)) for kind in KINDS}
    files |= {f"resources/vectors/{name}.json": pretty(value) for name, value in vectors().items()}
    text = (ROOT / DOCUMENT).read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    files[DOCUMENT] = f"{before}{BEGIN}\n{kinds_table()}\n{END}{after}"
    return files


def binaries() -> dict[str, bytes]:
    """Every generated file that is no text."""
    return {"resources/vectors/bundle.zip": good().data}


def pretty(value: JsonValue) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in documents().items():
        (ROOT / name).write_text(text)
    for name, data in binaries().items():
        (ROOT / name).write_bytes(data)
