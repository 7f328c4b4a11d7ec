"""GET /api/v1/contracts: an account's contracts with the records that say what was agreed.

Nothing of it is believed but what the reader verifies: the records are signed, the rest is for finding them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, cast

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.reading import Reader

# One answer's contracts and, of each, its records: `terms` and the `open` of their streams.
PAGE_MAX: Final = 200
RECORDS_MAX: Final = 2_000
DISCLOSURES_MAX: Final = 128
# Characters of one answer after which the next contract begins another one: clients read 1 MiB at most.
PAGE_CHARS: Final = 300_000


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record as it was received, and its place in the log; account: whose key signed, "" the operator's."""

    jws: str
    disclosures: tuple[str, ...]
    epoch: int
    index: int
    account: str = ""

    @classmethod
    def from_json(cls, value: JsonValue) -> LoggedRecord:
        """Read it."""
        reader = Reader(value, "contract record")
        return cls(
            jws=reader.text("jws"),
            disclosures=reader.texts("disclosures", DISCLOSURES_MAX),
            epoch=reader.integer("epoch"),
            index=reader.integer("index"),
            account=reader.text_or("account", ""),
        )


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """A contract by id (UUID) and name, and what was said about its terms, in the log's order."""

    id: str
    name: str
    records: tuple[LoggedRecord, ...]

    @classmethod
    def from_json(cls, value: JsonValue) -> ContractTerms:
        """Read it."""
        reader = Reader(value, "contract")
        records = tuple(LoggedRecord.from_json(item) for item in reader.items("records", RECORDS_MAX))
        return cls(reader.text("id"), reader.text("name"), records)


@dataclass(frozen=True, slots=True)
class ContractsReply:
    """A page of contracts; after: the query of the next one (`?after=…`), "" if this is the last."""

    contracts: Sequence[ContractTerms]
    after: str = ""

    def to_json(self) -> JsonObject:
        """The reply."""
        listed = [cast("JsonValue", asdict(contract)) for contract in self.contracts]
        return {"contracts": listed, "after": self.after}

    @classmethod
    def from_json(cls, value: JsonValue) -> ContractsReply:
        """Read the reply."""
        reader = Reader(value, "contracts reply")
        listed = tuple(ContractTerms.from_json(item) for item in reader.items("contracts", PAGE_MAX))
        return cls(listed, reader.text_or("after", ""))
