"""A time stamping authority by `openssl ts`: own key and certificate in a folder, real tokens."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CONFIG = """\
[tsa]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[stamping]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


class Tsa:
    """`ca`: the certificate to trust, in PEM."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.ca = folder, folder / "ca.pem"
        (folder / "tsa.cnf").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        subject = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf"]
        self._openssl(
            "req", "-x509", *subject, "-subj", "/CN=Sample CA", "-days", "3650", "-keyout", "ca.key",
            "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:true",
        )  # fmt: skip
        self._openssl("req", *subject, "-subj", "/CN=Sample TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3650",
            "-out", "tsa.pem", "-extfile", "tsa.cnf", "-extensions", "stamping", "-set_serial", "2",
        )  # fmt: skip

    def stamp(self, data: bytes) -> bytes:
        """The RFC 3161 response (DER) over `data`, at this computer's time."""
        (self.folder / "data").write_bytes(data)
        self._openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query")
        self._openssl(
            "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query", "-out", "reply"
        )
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
