"""Everything a process tree lets out: each byte it writes or sends, each name and argument it hands on.

strace follows every thread and child; strings come in hexadecimal and whole, so nothing is cut or guessed.
What a program writes into memory that it shares is found by reading the file afterwards: `paths` names every
file that was ever opened for writing.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.fakes.xserver import wait_for

# What carries bytes or names out of a process. Reads are not among them: looking is what the program is for.
CALLS = (
    "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,connect,bind,execve,execveat,"
    "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,mknod,"
    "mknodat,setxattr,lsetxattr,fsetxattr,memfd_create,sendfile,splice,vmsplice,tee,copy_file_range,"
    "unlink,unlinkat,truncate,ftruncate,prctl"
)
CARRIERS = ("sendfile", "splice", "vmsplice", "tee", "copy_file_range")  # their bytes are not seen
LONGEST = 4 << 20
_LINE = re.compile(r"(\d+) +([\d.]+) (\w+)\((.*)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_PATH = re.compile(r"<((?:\\x[0-9a-f]{2})+)>")


@dataclass(frozen=True)
class Call:
    """One system call; texts: every string in it, in order."""

    task: int
    at: float
    name: str
    line: str

    @property
    def texts(self) -> list[bytes]:
        return [_bytes(text) for text, _ in _TEXT.findall(self.line)]

    @property
    def cut(self) -> bool:
        """Whether strace did not show all of it."""
        return any(more for _, more in _TEXT.findall(self.line))

    @property
    def file(self) -> str:
        """What the first descriptor stands for; "" without."""
        found = _PATH.search(self.line.split(",")[0])
        return _bytes(found[1]).decode(errors="replace") if found else ""

    @property
    def writes(self) -> bool:
        """Whether it opens a file in a way that could change it."""
        wanted = re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", self.line) or self.name == "creat"
        return self.name.startswith(("open", "creat")) and bool(wanted) and " = -1 " not in self.line


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass
class Traced:
    """A program under strace; `process` is strace, which ends as its program does."""

    process: subprocess.Popen[bytes]
    log: Path
    marks: dict[str, int] = field(default_factory=dict)

    @classmethod
    def start(cls, command: Sequence[str], env: Mapping[str, str], log: Path, said: Path) -> Traced:
        """Run `command`; log: strace's; said: what the program prints."""
        options = ["-f", "--seccomp-bpf", "-ttt", "-y", "-v", "-xx", "-s", str(LONGEST), "-e", "signal=none"]
        tracer = ["strace", *options, "-o", str(log), "-e", f"trace={CALLS}", *command]
        with said.open("wb") as out:
            process = subprocess.Popen(
                tracer, env=dict(env), cwd=log.parent, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        return cls(process, log)

    def program(self) -> psutil.Process:
        """The traced program."""
        found = wait_for(lambda: psutil.Process(self.process.pid).children(), "the traced program")
        return found[0]

    def size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def calls(self, start: int = 0, end: int | None = None) -> Iterator[Call]:
        """What was called between two sizes of the log."""
        with self.log.open(errors="replace") as file:
            file.seek(start)
            at = start
            for line in file:
                at += len(line)
                if end is not None and at > end:
                    return
                found = _LINE.match(line)
                if found:
                    yield Call(int(found[1]), float(found[2]), found[3], line)

    def paths(self) -> set[Path]:
        """Every file that was opened for writing or made by another name."""
        found: set[Path] = set()
        for call in self.calls():
            if call.writes or call.name.startswith(("rename", "link", "symlink", "mknod")):
                found |= {Path(text.decode(errors="replace")) for text in call.texts}
        return found
