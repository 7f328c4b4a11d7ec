"""A whole bundle judged: one record changed and signed anew with its own key, or one file replaced.

A judge, the rules and the reports see everything a holder of all the keys could put into a record; only a
verdict may come out.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

from tests.fakes.bundles import SampleBundle, sample_bundle
from tests.fuzz.target import Target
from workdiary.cli.judging import judged_bundle
from workdiary.evidence.bundle import Bundle, bundle_of, open_bundle
from workdiary.evidence.bundle.archive import measured, write_zip
from workdiary.evidence.bundle.contents import contents_files, sums_text
from workdiary.evidence.canonical import JsonObject, b64u, dumps, loads, loads_object, unb64u
from workdiary.evidence.digest import sha256_b64u, sha256_hex
from workdiary.evidence.envelope import parse
from workdiary.verify.report import report_json, report_of
from workdiary.verify.report_html import report_html
from workdiary.verify.report_text import report_text

SUMS = "SHA256SUMS"
# Between the payload and the disclosures of an input; no JSON text holds it.
CUT = b"\x00"


@cache
def sample() -> SampleBundle:
    return sample_bundle()


@cache
def signers() -> dict[str, object]:
    streams = sample().story.world.streams.values()
    return {stream.signer.kid: stream.signer for stream in streams}


def judge_everything(bundle: Bundle) -> int:
    """The level of the verdict, all reports written."""
    judged = judged_bundle(bundle, [sample().trust])
    report = report_of(judged)
    report_json(report)
    assert report_text(report).isprintable() or "\n" in report_text(report)
    assert "<script" not in report_html(report)
    return report.exit


def with_record(number: int, payload: JsonObject, slots: list[bytes]) -> Bundle:
    """The sample with one record's payload and disclosures (JSON) in place of its own, signed by its key."""
    contents = sample().contents
    number %= len(contents.records)
    old = contents.records[number]
    texts = [b64u(slot) for slot in slots]
    payload = {**payload, "_sd": [*sorted(sha256_b64u(text.encode()) for text in texts)]}
    head = old.jws.partition(".")[0]
    signed = f"{head}.{b64u(dumps(payload))}"
    signature = signers()[parse(old.jws).kid].sign(signed.encode())  # type: ignore[attr-defined]
    new = replace(old, jws=f"{signed}.{b64u(signature)}", disclosures=tuple(texts))
    records = (*contents.records[:number], new, *contents.records[number + 1 :])
    return bundle_of(replace(contents, records=records))


def record_inputs() -> list[bytes]:
    seeds = []
    for number, record in enumerate(sample().contents.records):
        payload = loads_object(unb64u(record.jws.split(".")[1]))
        del payload["_sd"]
        slots = [unb64u(text) for text in record.disclosures]
        seeds.append(bytes([number]) + CUT.join([dumps(payload), *slots]))
    return seeds


def _record(data: bytes) -> None:
    payload, *slots = data[1:].split(CUT)
    for slot in slots:
        loads(slot)
    judge_everything(with_record(data[0] if data else 0, loads_object(payload), slots))


def _file(data: bytes) -> None:
    files = {name: _bytes(payload) for name, payload in contents_files(sample().contents)}
    names = sorted(files)
    files[names[int.from_bytes(data[:2], "big") % len(names)]] = data[2:]
    out = io.BytesIO()
    sums = sums_text({name: sha256_hex(content) for name, content in files.items()}).encode()
    write_zip([measured(name, content, content) for name, content in {**files, SUMS: sums}.items()], out)
    judge_everything(open_bundle(out.getvalue()))


def _bytes(payload: object) -> bytes:
    content = payload() if callable(payload) else payload
    assert isinstance(content, bytes)
    return content


def _files() -> list[bytes]:
    files = {name: _bytes(payload) for name, payload in contents_files(sample().contents)}
    small = [(place, name) for place, name in enumerate(sorted(files)) if len(files[name]) < 4_000]
    return [place.to_bytes(2, "big") + files[name] for place, name in small[::8]]


TARGETS: dict[str, Target] = {
    "judged-record": Target(_record, record_inputs),
    "judged-file": Target(_file, _files),
}
