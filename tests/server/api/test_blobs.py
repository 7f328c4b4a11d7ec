"""PUT /api/v1/blobs: only images that a record names, exactly, and never again once redacted."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zlib

import pytest
from PIL import Image

from tests.fakes.devices import Door, FakeDevice, Signed, picture
from tests.server.api.answers import refused
from workdiary.evidence.digest import sha256_b64u
from workdiary.server.compose import Service
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.receive.stored import disclosures_of
from workdiary.server.store.blobs import INCOMING, open_blob, open_thumbnail, recover
from workdiary.server.store.images import look
from workdiary.server.store.models import Blob
from workdiary.wire.sealing import blob_aad, encrypt, seal_key, upload_kid
from workdiary.wire.upload import BLOB_BODY_MAX, SealedBlob, pack_blob


def test_a_whole_8k_screen_fits() -> None:
    looked = look(picture("navy", (7680, 4320), "AVIF"))
    assert (looked.media_type, looked.width, looked.height) == ("image/avif", 7680, 4320)


def sent(device: FakeDevice, image: bytes = b"") -> Signed:
    signed = device.segment(image)
    assert device.put(signed).status == 201
    return signed


def redact(device: FakeDevice, signed: Signed, slots: tuple[str, ...] = ("shot.0",)) -> Signed:
    digests = [signed.record.digest(slot) for slot in slots]
    clear = {"tgt": signed.record.id, "digests": digests, "scope": "several", "why": "owner"}
    return device.sign("redact", clear)


@pytest.mark.parametrize("kind", ["AVIF", "WEBP", "JPEG"])
def test_an_image_is_stored_sealed_and_comes_back_with_a_thumbnail(
    server: Service, device: FakeDevice, kind: str
) -> None:
    image = picture("navy", (1280, 800), kind)
    signed = sent(device, image)
    assert device.put_image(signed).status == 201
    assert device.put_image(signed).status == 200
    stored, thumb = open_blob(device.contract, signed.shot), open_thumbnail(device.contract, signed.shot)
    assert stored is not None
    assert thumb is not None
    assert stored.data == image
    assert stored.media_type == f"image/{kind.lower()}"
    with Image.open(io.BytesIO(thumb.data)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 200))
    folder = server.runtime.folder / "blobs"
    on_disk = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(on_disk) == 2
    assert not any(image[:64] in data or thumb.data[:64] in data for data in on_disk)
    names = " ".join(str(path) for path in folder.rglob("*"))
    assert hashlib.sha256(image).hexdigest() not in names
    assert signed.shot not in names


def test_plain_text_of_disclosures_is_nowhere_on_disk(server: Service, device: FakeDevice) -> None:
    memo = "Écris the migration of the billing tables"
    signed = device.sign("segment", slots={"memo": memo}, image=picture())
    device.put(signed)
    encoded = signed.record.disclosures["memo"]
    for path in server.runtime.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert memo.encode() not in data
            assert encoded.encode() not in data
    record = Record.objects.get(rid=signed.rid)
    assert sorted(disclosures_of([record])[signed.rid]) == sorted(signed.record.disclosures.values())


def test_an_image_that_no_record_of_ours_names_is_missing_its_record(device: FakeDevice) -> None:
    signed = device.segment()
    answer = device.put_image(signed)
    assert answer.status == 404
    assert answer.json["code"] == "record-missing"


def test_a_digest_of_a_memo_names_no_image(device: FakeDevice) -> None:
    signed = sent(device)
    memo = device.sign("segment")
    other = hashlib.sha256(signed.record.disclosures["memo"].encode()).hexdigest()
    answer = device.door.ask("PUT", f"/api/v1/blobs/{other}", device.sealed(signed))
    assert answer.status == 404
    assert memo.rid


def test_other_bytes_than_the_record_names_are_refused(device: FakeDevice) -> None:
    signed = sent(device)
    body = device.sealed(signed, picture("red"))
    answer = device.put_image(signed, body)
    assert (answer.status, answer.json["code"]) == (422, "bad-blob")
    refused(device, answer, sha256_b64u(body))
    assert device.put_image(signed).status == 201


def test_the_wrong_seal_is_refused(device: FakeDevice) -> None:
    signed = sent(device)
    for body in (_sealed_to_another_key(signed), _sealed_for_another_image(device, signed), b"", b"{}\nx"):
        answer = device.put_image(signed, body or b"\n")
        assert answer.status in (400, 413, 422)
        refused(device, answer, sha256_b64u(body or b"\n"))


def _sealed_to_another_key(signed: Signed) -> bytes:
    from workdiary.wire.sealing import upload_jwk, upload_private_key

    key, nonce = os.urandom(32), os.urandom(12)
    jwk = upload_jwk(upload_private_key(os.urandom(32)))
    data = encrypt(key, nonce, signed.image, blob_aad(signed.shot))
    return pack_blob(SealedBlob(upload_kid(jwk), nonce, seal_key(key, jwk, signed.shot), data))


def _sealed_for_another_image(device: FakeDevice, signed: Signed) -> bytes:
    key, nonce, jwk = os.urandom(32), os.urandom(12), device.installation.upload_jwk
    data = encrypt(key, nonce, signed.image, blob_aad("00" * 32))
    return pack_blob(SealedBlob(upload_kid(jwk), nonce, seal_key(key, jwk, "00" * 32), data))


def test_a_content_digest_that_differs_asks_to_send_again(device: FakeDevice) -> None:
    signed = sent(device)
    body = device.sealed(signed)
    wrong = device.put_image(signed, body, Content_Digest=f"sha-256=:{base64.b64encode(b'x' * 32).decode()}:")
    assert wrong.status == 503
    right = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert device.put_image(signed, body, Content_Digest=f"sha-256=:{right}:").status == 201


def _bomb(size: tuple[int, int]) -> bytes:
    """A tiny JPEG whose header claims a huge picture."""
    data = bytearray(picture("white", (16, 16), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big")
    return bytes(data)


def _broken_png() -> bytes:
    return zlib.compress(b"x" * 100)


HOSTILE = {
    "truncated": picture("teal", (640, 400), "WEBP")[:-40],
    "not an image": b"GIF89a" + b"\x00" * 200,
    "empty of sense": _broken_png(),
    "many pixels": _bomb((9000, 9000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_images_are_refused_and_nothing_is_kept(
    server: Service, device: FakeDevice, name: str
) -> None:
    image = HOSTILE[name]
    facts = {
        "sha256": hashlib.sha256(image).hexdigest(),
        "bytes": len(image),
        "type": "image/jpeg",
        "width": 9000,
        "height": 9000,
    }
    plain = device.segment()
    device.seq -= 1
    sample = {"display": {"x": 0, "y": 0, "w": 1, "h": 1, "scale_milli": 1, "rot": 0}, "role": "screen"}
    shot = {**facts, **sample, "at": 1, "edit": "none"}
    signed = device.sign(
        "segment", {"rid": plain.rid, "start": plain.record.payload["start"]}, {"shot.0": shot}
    )
    assert device.put(signed).status == 201
    answer = device.put_image(signed, device.sealed(signed, image))
    assert answer.status in (413, 422)
    refused(device, answer, answer.json["refusal"] and _target(answer.json["refusal"]))
    assert not [path for path in (server.runtime.folder / "blobs").rglob("*") if path.is_file()]


def _target(jws: str) -> str:
    from workdiary.evidence.envelope import parse

    return str(parse(jws).payload["tgt"])


def test_a_body_over_the_cap_is_refused_by_its_digest(device: FakeDevice) -> None:
    signed = sent(device)
    body = b"x" * (BLOB_BODY_MAX + 1)
    answer = device.put_image(signed, body)
    assert answer.status == 413
    refused(device, answer, sha256_b64u(body))


def test_redaction_destroys_keys_files_and_disclosures_and_keeps_the_record(
    server: Service, device: FakeDevice
) -> None:
    signed = sent(device)
    device.put_image(signed)
    receipt = device.put(signed).json["receipt"]
    assert device.put(redact(device, signed, ("shot.0", "memo"))).status == 201
    assert open_blob(device.contract, signed.shot) is None
    assert open_thumbnail(device.contract, signed.shot) is None
    assert not [path for path in (server.runtime.folder / "blobs").rglob("*") if path.is_file()]
    record = Record.objects.get(rid=signed.rid)
    left = disclosures_of([record])[signed.rid]
    assert signed.record.disclosures["memo"] not in left
    assert signed.record.disclosures["shot.0"] not in left
    assert signed.record.disclosures["zone"] in left
    again = device.put(signed)
    assert again.status == 200
    assert again.json["receipt"] == receipt
    assert Disclosure.objects.filter(record=record, slot="memo", key=None, sealed=None).exists()
    assert device.put_image(signed).status == 410


def test_a_redaction_that_comes_first_keeps_the_content_out(device: FakeDevice) -> None:
    signed = device.segment()
    assert device.put(redact(device, signed)).status == 201
    assert device.put(signed).status == 201
    record = Record.objects.get(rid=signed.rid)
    assert signed.record.disclosures["shot.0"] not in disclosures_of([record])[signed.rid]
    assert device.put_image(signed).status == 410
    assert not Blob.objects.exists()


def test_a_redaction_before_any_record_makes_the_image_gone(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(redact(device, signed))
    assert device.put_image(signed).status == 410


def test_a_discard_destroys_nothing(device: FakeDevice) -> None:
    signed = sent(device)
    device.put_image(signed)
    span = {
        "tgt": signed.record.id,
        "start": signed.record.payload["start"],
        "end": signed.record.payload["end"],
    }
    assert device.put(device.sign("discard", {"spans": [span], "why": "owner"})).status == 201
    assert open_blob(device.contract, signed.shot) is not None


def test_what_a_crash_leaves_in_incoming_is_finished_or_removed(server: Service, device: FakeDevice) -> None:
    signed = sent(device)
    device.put_image(signed)
    folder = server.runtime.folder / "blobs"
    row = Blob.objects.get()
    (folder / row.file).rename(folder / INCOMING / row.file)
    (folder / INCOMING / "stray").write_bytes(b"never got its row")
    assert open_blob(device.contract, signed.shot) is not None
    recover()
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == sorted([row.file, row.thumb])


def test_no_device_no_image(device: FakeDevice) -> None:
    signed = sent(device)
    body = device.sealed(signed)
    stranger = Door(device.door.port)
    assert stranger.ask("PUT", f"/api/v1/blobs/{signed.shot}", body).status == 401
