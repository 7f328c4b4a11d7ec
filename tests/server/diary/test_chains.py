"""The chain axis out of the database: what others write under a stream's name is no part of it."""

from __future__ import annotations

import os

from tests.fakes.devices import Door, FakeDevice, Signed
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.contracts.solo import person
from workdiary.server.diary.chains import Chains


def words(chains: Chains, *signed: Signed) -> list[str]:
    records = [parse(item.record.jws) for item in signed]
    found = chains.words(records, "this")
    return [found[record.id] for record in records]


def enrolled(device: FakeDevice, role: str) -> FakeDevice:
    made = FakeDevice(Door(device.door.port), Ed25519Signer(os.urandom(32)))
    assert made.enrol(issue_enrol(person(role))).status == 201
    return made


def in_account(device: FakeDevice, kind: str) -> Signed:
    place: JsonObject = {"ctr": None}
    signed = device.sign(kind, place)
    assert device.put(signed).status == 201
    return signed


def test_another_account_forks_nobodys_account_stream(device: FakeDevice) -> None:
    chains = Chains()
    device.new_stream()
    first, second = in_account(device, "open"), in_account(device, "revoke")
    other = enrolled(device, "client")
    other.stream, other.seq, other.prev = device.stream, 1, first.record.id
    foreign = in_account(other, "revoke")
    assert words(chains, first, second, foreign) == ["OPEN", "OPEN", "FORK"]
    third = in_account(device, "revoke")
    assert words(chains, third, foreign) == ["OPEN", "FORK"]


def test_two_devices_of_one_account_share_its_stream(device: FakeDevice) -> None:
    device.new_stream()
    first = in_account(device, "open")
    other = enrolled(device, "freelancer")
    other.stream, other.seq, other.prev = device.stream, 1, first.record.id
    assert words(Chains(), first, in_account(other, "revoke")) == ["OPEN", "OPEN"]


def test_a_stranger_behind_a_clean_part_is_not_taken_for_the_owner(device: FakeDevice) -> None:
    chains = Chains()
    first = device.segment()
    assert device.put(first).status == 201
    assert words(chains, first) == ["OPEN"]
    other = enrolled(device, "client")
    other.stream, other.seq, other.prev = device.stream, 2, first.record.id
    foreign = other.segment()
    assert other.put(foreign).status == 201
    mine = device.segment()
    assert device.put(mine).status == 201
    assert words(chains, mine, foreign) == ["OPEN", "FORK"]
