"""A copy of a damaged spool forgets what is destroyed in the spool that goes on."""

from __future__ import annotations

import sqlite3

from tests.fakes.enrolled import EnrolledHome
from workdiary.client.spool.copies import forget_in_copies


def wrapped(desk: EnrolledHome, rid: str) -> list[bytes]:
    """The wrapped keys of a record's texts and images, as they stand in the rows."""
    boxes = desk.spool._database.rows("SELECT box FROM disclosures WHERE rid = ? AND box IS NOT NULL", rid)
    images = desk.spool._database.rows("SELECT key, meta, sealed_key FROM images WHERE rid = ?", rid)
    return [bytes(cell[:60]) for row in (*boxes, *images) for cell in row if cell is not None]


def opens(data: bytes, key: bytes) -> bool:
    """Whether enough of a wrapped key is there to open anything: its nonce, its 32 bytes, its tag."""
    return all(key[at : at + 20] in data for at in (0, 20, 40))


def damage(desk: EnrolledHome) -> None:
    desk.spool.close()
    with sqlite3.connect(desk.home.spool / "spool.db") as db:
        db.execute("UPDATE disclosures SET box = x'00' WHERE name = 'build'")
    db.close()
    desk.reopen(crash=True)
    assert len(list(desk.home.spool.glob("damaged-*"))) == 1


def test_a_copy_set_aside_forgets_what_is_redacted_and_nothing_else(desk: EnrolledHome) -> None:
    gone, kept = desk.segment("Secret words of a memo"), desk.segment("Other words")
    desk.sign()
    damage(desk)
    contract = desk.account.contracts()[0].id
    before, others = wrapped(desk, gone.rid), wrapped(desk, kept.rid)
    copy = next(desk.home.spool.glob("damaged-*")) / "spool.db"
    assert [key for key in (*before, *others) if opens(copy.read_bytes(), key)]
    held = [key for key in others if opens(copy.read_bytes(), key)]
    desk.journal.redact(contract, [gone.rid])
    desk.journal.redact(contract, [gone.rid], scope="memo")
    left = wrapped(desk, gone.rid)
    files = [path.read_bytes() for path in desk.home.spool.rglob("*") if path.is_file()]
    destroyed = [key for key in before if key not in left]
    assert len(destroyed) >= 4
    assert not [key for key in destroyed for data in files if opens(data, key)]
    assert held == [key for key in others if opens(copy.read_bytes(), key)]


def test_a_key_that_a_page_cuts_in_two_ends_as_well(desk: EnrolledHome) -> None:
    folder = desk.home.spool / "damaged-7"
    folder.mkdir()
    key = bytes(range(60))
    (folder / "spool.db").write_bytes(b"a" * 100 + key[:25] + b"b" * 50 + key[25:] + b"c" * 100)
    forget_in_copies(desk.home.spool, [key])
    data = (folder / "spool.db").read_bytes()
    assert not opens(data, key)
    assert key[:20] not in data
    assert key[40:] not in data
    assert (data[:100], data[-100:], len(data)) == (b"a" * 100, b"c" * 100, 310)
