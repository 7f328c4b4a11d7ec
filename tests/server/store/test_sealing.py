"""Encryption at rest: what is sealed opens in its own place only, and not at all once its key is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from workdiary.server.compose import Plan, configure, open_installation
from workdiary.server.store.database import writing
from workdiary.server.store.home import make_folder
from workdiary.server.store.models import ScopeKey
from workdiary.server.store.sealing import make_scope, open_scope, seal, unseal
from workdiary.wire.sealing import SealError


@pytest.fixture(autouse=True)
def installation(plan: Plan) -> Iterator[None]:
    make_folder(plan.folder)
    open_installation(configure(plan, 1))
    with writing():
        make_scope("one")
        make_scope("two")
    yield
    connections.close_all()


def test_a_data_key_opens_where_it_was_made_only() -> None:
    key, wrapped = open_scope("one").new_key("thing")
    assert open_scope("one").open_key(wrapped, "thing") == key
    with pytest.raises(SealError):
        open_scope("one").open_key(wrapped, "other thing")
    with pytest.raises(SealError):
        open_scope("two").open_key(wrapped, "thing")
    for broken in (None, b"", wrapped[:-1], bytes(len(wrapped))):
        with pytest.raises(SealError):
            open_scope("one").open_key(broken, "thing")


def test_every_write_has_its_own_nonce() -> None:
    key, _wrapped = open_scope("one").new_key("thing")
    first, second = seal(key, b"same", "place"), seal(key, b"same", "place")
    assert first != second
    assert unseal(key, first, "place") == unseal(key, second, "place") == b"same"
    with pytest.raises(SealError):
        unseal(key, first, "another place")


def test_a_destroyed_scope_opens_nothing() -> None:
    ScopeKey.objects.filter(scope="one").delete()
    with pytest.raises(SealError):
        open_scope("one")
    assert open_scope("two").name == "two"


def test_a_scope_key_of_another_installation_does_not_open() -> None:
    row = ScopeKey.objects.get(scope="one")
    row.wrapped = bytes(row.wrapped)[:-1] + b"\x00"
    row.save()
    with pytest.raises(SealError):
        open_scope("one")


def test_keys_never_print() -> None:
    scope = open_scope("one")
    assert repr(scope.key) not in repr(scope)
    assert scope.key.hex() not in repr(scope)
