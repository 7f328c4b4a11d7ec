"""A sample story that a test goes on telling: more records, then the sealed export and its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.fakes import bundles
from tests.fakes.records import counter_entropy
from tests.fakes.world import FREELANCER, MINUTE, SECOND, Stream
from workdiary.evidence.bundle import BundleRecord, Contents, open_bundle
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import SignedRecord, build, typ_of
from workdiary.evidence.keys import Signer
from workdiary.verify.judge import judge
from workdiary.verify.judged import Judged, RecordVerdict
from workdiary.verify.trust import Trust


class Tale:
    """Two cells of work, neither amended, locked nor exported yet; `trust` is what an insider would pin."""

    def __init__(self, **knobs: object) -> None:
        told = {"segments": 2, "amend": False, "lock": False, "seal": False, **knobs}
        self.told = bundles.story(bundles.Knobs(**told))  # type: ignore[arg-type] # knobs by name
        self.world = self.told.world
        self.desk, self.client = self.told.stream("desk"), self.told.stream("client")
        self.operator, self.root = self.told.stream("operator"), self.told.stream("root")
        self.trust = bundles.sample_trust(self.told)

    @property
    def segments(self) -> list[SignedRecord]:
        return [record for record in self.desk.records if record.kind == "segment"]

    def log(self, *records: SignedRecord) -> None:
        """A minute later, one batch."""
        self.world.wait(2 * SECOND)
        self.world.commit(*records)
        self.world.wait(MINUTE)

    def opened(self, name: str, signer: Signer, role: str = "freelancer", **fields: str) -> Stream:
        """Another stream of the contract, opened in the log."""
        stream = self.world.stream(name, signer)
        self.log(stream.open(role, **fields))
        return stream

    def certified(self, signer: Signer, by: Stream | None = None, **changes: JsonValue) -> SignedRecord:
        """A `cert` for a key, by the root, logged."""
        said: JsonObject = {
            "account": FREELANCER,
            "jwk": dict(signer.jwk),
            "class": "SOFTWARE",
            "role": "freelancer",
        }
        record = (by or self.root).sign("cert", {**said, **changes}, {"name": "Key"})
        self.log(record)
        return record

    def contents(self) -> Contents:
        """Sealed and exported."""
        self.told.seal = bundles._export(self.told, bundles.span_of(self.told))
        return bundles.bundle_contents(self.told)

    def judged(self, contents: Contents | None = None, trusts: Sequence[Trust] | None = None) -> Judged:
        """The verdict on the export, by what the insider pins or by `trusts`."""
        data = bundles.bundle_bytes(contents or self.contents())
        return judge(open_bundle(data), [self.trust] if trusts is None else trusts)


def verdict(judged: Judged, record: SignedRecord) -> RecordVerdict:
    """The one on this record."""
    return next(item for item in judged.records if item.rid == record.payload["rid"])


def word(judged: Judged, record: SignedRecord, axis: str) -> str:
    return verdict(judged, record).axes.words[axis]


def without(contents: Contents, *records: SignedRecord) -> Contents:
    """Records dropped with their images, checksums as if they had never been there."""
    gone = {record.jws for record in records}
    images = {
        bundles.blob_name(record, slot)
        for record in records
        for slot in record.disclosures
        if slot.startswith("shot.")
    }
    return replace(
        contents,
        records=tuple(item for item in contents.records if item.jws not in gone),
        blobs={name: blob for name, blob in contents.blobs.items() if name not in images},
    )


def with_records(contents: Contents, change: Callable[[BundleRecord], BundleRecord]) -> Contents:
    return replace(contents, records=tuple(change(item) for item in contents.records))


def again(stream: Stream, record: SignedRecord, **clear: JsonValue) -> SignedRecord:
    """Another signature in the same place of the stream, with other clear fields."""
    kept = {name: value for name, value in record.payload.items() if name not in {"_sd", "_sd_alg"}}
    values = {name: parse_disclosure(text).value for name, text in record.disclosures.items()}
    return build(record.kind, {**kept, **clear}, values, stream.signer, counter_entropy(f"again {clear}"))


def raw(stream: Stream, payload: JsonObject, kind: str) -> SignedRecord:
    """A record of any kind and version, signed and chained as the stream's next one."""
    seq, prev = len(stream.records), stream.records[-1]
    payload = {**payload, "seq": seq, "prev": prev.id}
    header: JsonObject = {"alg": stream.signer.alg, "kid": stream.signer.kid, "typ": typ_of(kind)}
    text = f"{b64u(dumps(header))}.{b64u(dumps(payload))}"
    jws = f"{text}.{b64u(stream.signer.sign(text.encode()))}"
    from workdiary.evidence.digest import record_id

    record = SignedRecord(kind, jws, record_id(jws), payload, {})
    stream.records.append(record)
    return record
