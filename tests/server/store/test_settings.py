"""server.toml: read strictly, told in words what is wrong, nothing that moves a clock or holds a secret."""

from __future__ import annotations

import logging
from dataclasses import fields
from pathlib import Path

import pytest

from tests.fakes.records import fixed
from tests.fakes.tsa import Tsa
from workdiary.evidence.cosign import Cosigner
from workdiary.server.store.settings import (
    FILE,
    WITNESSES_MAX,
    PinnedWitness,
    ServerSettings,
    TimeStamper,
    open_settings,
)
from workdiary.wire.known import KnownError


def vkey(name: str, seed: str = "") -> str:
    return Cosigner(name, fixed(seed or name)).vkey.encode()


def pinned(*vkeys: str, url: str = "https://w.example/") -> str:
    return ",".join(f'{{vkey = "{one}", url = "{url}"}}' for one in vkeys)


def read(folder: Path, text: str) -> ServerSettings:
    (folder / FILE).write_text(text)
    return open_settings(folder)


def test_without_a_file_nobody_is_pinned(tmp_path: Path) -> None:
    assert open_settings(tmp_path) == ServerSettings()


def test_everything_is_read(tmp_path: Path) -> None:
    tsa = Tsa(tmp_path / "tsa")
    tsa.make()
    text = f"""
[witnesses]
k = 2
pinned = [{pinned(vkey("a"), vkey("b"), vkey("c"))}]
[tsa]
url = "http://tsa.example/stamp"
certificate = "tsa/ca.pem"
[log]
public = true
"""
    found = read(tmp_path, text)
    assert found.vkeys == (vkey("a"), vkey("b"), vkey("c"))
    assert (found.k, found.log_public) == (2, True)
    assert found.witnesses[0].url == "https://w.example"
    assert found.tsa is not None
    assert found.tsa.pem == tsa.certificate.read_text()


def test_all_count_where_k_is_not_said(tmp_path: Path) -> None:
    assert read(tmp_path, f"[witnesses]\npinned = [{pinned(vkey('a'), vkey('b'))}]").k == 2


WRONG = {
    "no toml": "[witnesses",
    "not a table": "witnesses = 3",
    "k too large": f"[witnesses]\nk = 2\npinned = [{pinned(vkey('a'))}]",
    "k nought": f"[witnesses]\nk = 0\npinned = [{pinned(vkey('a'))}]",
    "k without any": "[witnesses]\nk = 1",
    "k a truth": f"[witnesses]\nk = true\npinned = [{pinned(vkey('a'))}]",
    "twice": f"[witnesses]\npinned = [{pinned(vkey('a'), vkey('a'))}]",
    "one key, two names": f"[witnesses]\npinned = [{pinned(vkey('a'), vkey('b', 'a'))}]",
    "two keys, one name": f"[witnesses]\npinned = [{pinned(vkey('a'), vkey('a', 'b'))}]",
    "too many": f"[witnesses]\npinned = [{pinned(*(vkey(str(n)) for n in range(WITNESSES_MAX + 1)))}]",
    "not a key": f"[witnesses]\npinned = [{pinned('nonsense')}]",
    "a member more": '[witnesses]\npinned = [{vkey = "x", url = "https://w", more = 1}]',
    "a file's url": f"[witnesses]\npinned = [{pinned(vkey('a'), url='file:///etc/passwd')}]",
    "a password in a url": f"[witnesses]\npinned = [{pinned(vkey('a'), url='https://me:secret@w.example')}]",
    "no host": f"[witnesses]\npinned = [{pinned(vkey('a'), url='https://')}]",
    "a bad port": f"[witnesses]\npinned = [{pinned(vkey('a'), url='https://w:99999')}]",
    "a query": f"[witnesses]\npinned = [{pinned(vkey('a'), url='https://w/?x=1')}]",
    "tsa without certificate": '[tsa]\nurl = "https://tsa.example"',
    "certificate missing": '[tsa]\nurl = "https://tsa.example"\ncertificate = "none.pem"',
    "certificate that is none": f'[tsa]\nurl = "https://tsa.example"\ncertificate = "{FILE}"',
    "public in words": '[log]\npublic = "yes"',
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_understood_stops_the_start(tmp_path: Path, what: str) -> None:
    with pytest.raises(KnownError) as caught:
        read(tmp_path, WRONG[what])
    assert caught.value.subject == str(tmp_path / FILE)
    assert "secret" not in str(caught.value)


def test_a_key_nobody_reads_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "workdiary.server"):
        found = read(tmp_path, "[witnesses]\nkk = 2\n[clock]\noffset = 3600\n")
    assert found.unknown == ("clock", "witnesses.kk")
    assert "clock means nothing here" in caplog.text


def test_no_setting_moves_a_clock_and_none_is_a_secret() -> None:
    names = {item.name for kind in (ServerSettings, PinnedWitness, TimeStamper) for item in fields(kind)}
    assert names == {"witnesses", "k", "tsa", "log_public", "unknown", "key", "url", "pem"}
