"""From files to parts: each name's bytes are read by what the layout says they hold.

A file that cannot be read costs its own part only: it goes to `malformed` with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from workdiary.evidence.bundle import forms, layout, texts
from workdiary.evidence.bundle.contents import BundleRecord, LeafFile, NoteFile
from workdiary.evidence.bundle.layout import parse_stem
from workdiary.evidence.bundle.pem import spki_pem
from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import thumbprint

File = memoryview | bytes | Callable[[], bytes]
T = TypeVar("T")

_TEXTS = {layout.VERIFY: texts.VERIFY_TEXT.encode(), layout.CERTIFICATE: texts.CERTIFICATE_TEXT.encode()}


def data_of(file: File) -> memoryview | bytes:
    """The bytes of a file, fetched if need be."""
    return file() if callable(file) else file


class Parts:
    """The files of a bundle sorted by meaning; each method gives one part of it."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        # kind → stem or name → file name
        self._kinds: dict[str, dict[str, str]] = defaultdict(dict)
        self._caps: dict[str, int] = {}
        self.unknown: list[str] = []
        self.malformed: dict[str, str] = {}
        for name in files:
            kind = layout.kind_of(name)
            if kind is None:
                self.unknown.append(name)
            else:
                self._kinds[kind][name.rpartition("/")[2].partition(".")[0]] = name
                self._caps[name] = layout.cap_of(kind)
        self._disown(("disc", "proof"), self._kinds["jws"])
        self._disown(("path",), {**self._kinds["beacon"], **self._kinds["epoch"]})
        self._disown(("pem",), self._kinds["jwk"])

    def records(self) -> list[BundleRecord]:
        """In log order; one whose JWS cannot be read as text is left out."""
        found: list[BundleRecord] = []
        for stem, name in self._kinds["jws"].items():
            jws = self._try(name, forms.ascii_text)
            if jws is not None:
                shown = self._part("disc", stem, forms.disclosures) or ()
                found.append(
                    BundleRecord(*parse_stem(stem), jws, shown, self._part("proof", stem, forms.utf8_text))
                )
        return sorted(found, key=lambda record: (record.epoch, record.index))

    def checkpoints(self, newest: int) -> dict[int, str]:
        """Epoch → final note."""
        found: dict[int, str] = {}
        for name in self._kinds["checkpoint"].values():
            note = self._try(name, forms.utf8_text)
            if note is None:
                continue
            epoch = layout.epoch_of_checkpoint(name, newest)
            if layout.checkpoint_name(epoch, newest) != name:
                self.malformed[name] = "the newest epoch's checkpoint has another name"
                continue
            found[epoch] = note
        return dict(sorted(found.items()))

    def notes(self) -> list[NoteFile]:
        """By epoch and size."""
        kinds = self._kinds
        stems = {*kinds["note"], *kinds["consistency"], *kinds["tsr"]}
        return [
            NoteFile(
                *parse_stem(stem),
                self._part("note", stem, forms.utf8_text),
                self._part("consistency", stem, forms.hashes),
                self._part("tsr", stem, bytes),
            )
            for stem in sorted(stems, key=parse_stem)
        ]

    def leaves(self, kind: Literal["beacon", "epoch"]) -> list[LeafFile]:
        """By epoch and index."""
        found: list[LeafFile] = []
        for stem in sorted(self._kinds[kind], key=parse_stem):
            leaf = self._part(kind, stem, bytes)
            if leaf is not None:
                found.append(LeafFile(*parse_stem(stem), leaf, self._part("path", stem, forms.hashes)))
        return found

    def keys(self) -> dict[str, dict[str, str]]:
        """Kid → JWK; a key under another's thumbprint, or beside another key's PEM, is malformed."""
        found: dict[str, dict[str, str]] = {}
        for stem, name in self._kinds["jwk"].items():
            jwk = self._try(name, forms.key)
            if jwk is None:
                continue
            kid = thumbprint(jwk)
            if unb64u(kid).hex() != stem:
                self.malformed[name] = "not the key its name says"
                continue
            found[kid] = jwk
            pem = self._part("pem", stem, bytes)
            if pem is not None and pem != spki_pem(jwk).encode():
                self.malformed[self._kinds["pem"][stem]] = "not the key beside it"
        return found

    def policies(self, hashes: Mapping[str, str]) -> dict[str, bytes]:
        """Digest (base64url) → bytes, of which a file's name must be the digest."""
        found: dict[str, bytes] = {}
        for stem, name in self._kinds["policy"].items():
            data = self._try(name, bytes)
            if data is None:
                continue
            if hashes[name] != stem:
                self.malformed[name] = "its name is not its digest"
                continue
            found[b64u(bytes.fromhex(stem))] = data
        return found

    def trust(self) -> bytes | None:
        """trust/trust.json as it is, or None."""
        return self._part("trust", "trust", bytes)

    def report(self) -> str | None:
        """REPORT.html, or None."""
        return self._part("report", "REPORT", forms.utf8_text)

    def blobs(self) -> dict[str, File]:
        """Digest (hex) → image, none read here."""
        found: dict[str, File] = {}
        for stem, name in self._kinds["blob"].items():
            file = self._files[name]
            if not callable(file) and len(file) > layout.cap_of("blob"):
                self.malformed[name] = f"over {layout.cap_of('blob')} bytes"
                continue
            found[stem] = file
        return found

    def foreign(self) -> list[str]:
        """The plain texts that are not the ones this program writes."""
        names = self._kinds["text"].values()
        return sorted(name for name in names if self._try(name, bytes) != _TEXTS[name])

    def small(self, name: str) -> bytes:
        """A file's bytes. Raises `EvidenceError` ("cap") if it is larger than files of its kind may be."""
        data = data_of(self._files[name])
        cap = self._caps[name]
        if len(data) > cap:
            raise EvidenceError("cap", f"over {cap} bytes")
        return bytes(data)

    def _disown(self, parts: tuple[str, ...], whole: Mapping[str, str]) -> None:
        for kind in parts:
            for stem in [stem for stem in self._kinds[kind] if stem not in whole]:
                self.unknown.append(self._kinds[kind].pop(stem))

    def _part(self, kind: str, stem: str, read: Callable[[bytes], T]) -> T | None:
        name = self._kinds[kind].get(stem)
        return None if name is None else self._try(name, read)

    def _try(self, name: str, read: Callable[[bytes], T]) -> T | None:
        try:
            return read(self.small(name))
        except EvidenceError as error:
            self.malformed[name] = error.message
            return None
