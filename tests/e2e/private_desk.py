"""A desk with secrets on it: in private windows, titles, names, environments, the clipboard, and typed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from Xlib import X
from Xlib.display import Display

from tests.fakes.logind import FakeLogind, logind
from tests.fakes.needles import Needles
from tests.fakes.xproxy import XProxy, x_proxy
from tests.fakes.xserver import XServer, xvfb

PUBLIC = "PELICAN HARBOUR NOTES"  # what pictures may and must show
KINDS = ("typed", "shown", "title", "class", "own", "client", "environment", "clipboard", "minimised")
FONT = ("-fa", "DejaVu Sans Mono", "-fs", "16")
WHERE = {"work": "30x6+20+20", "bank": "40x6+20+240", "vault": "30x5+20+440", "client": "26x5+520+20"}
# The lists themselves are no secret here: they say "vault*" and "umbrella*", not what comes after.
SETTINGS = """
private_apps = ["vault*"]
private_titles = ["*payslip*"]
[contract_private.demo]
titles = ["*umbrella*"]
"""


@dataclass
class PrivateDesk:
    """The screen, its door for the observed program, and the needles in it."""

    server: XServer
    proxy: XProxy
    system: FakeLogind
    needles: Needles
    folder: Path
    clipboard: Display = field(init=False)

    def furnish(self) -> None:
        """Open every window and wait until it stands."""
        n = self.needles
        self.terminal(
            "work", "notes", f"stty -echo; for i in 1 2 3; do echo {PUBLIC}; done; exec cat > /dev/null"
        )
        said = f"for i in 1 2 3; do echo {n['shown']}; done; exec cat > /dev/null"
        self.terminal("bank", f"Onlinebanking {n['title']}", said)
        self.terminal("vault", f"payslip {n['own']}", said, "-class", f"Vault{n['class']}")
        self.terminal("client", f"Umbrella {n['client']}", said)
        self.terminal("client", f"Sparkasse {n['minimised']}", said)
        self.server.run("xdotool", "search", "--name", "^Sparkasse", "windowminimize", "--sync")
        self.own_clipboard()
        self.focus("notes")
        # The first key of a new keyboard makes the server tell every client of its layout.
        self.type_secret()

    def terminal(self, place: str, title: str, script: str, *options: str) -> None:
        """An xterm whose environment holds a secret, too."""
        env = self.server.env({"PRIVATE_TOKEN": self.needles["environment"]})
        command = ["xterm", *FONT, "-T", title, "-geometry", WHERE[place], *options, "-e", "sh", "-c", script]
        quiet = subprocess.DEVNULL
        self.server.programs.append(
            subprocess.Popen(command, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
        )
        self.server.run("xdotool", "search", "--sync", "--onlyvisible", "--name", f"^{title}$")

    def own_clipboard(self) -> None:
        """Hold a secret in the clipboard; who asks for it is seen."""
        self.clipboard = Display(self.server.display)
        owner = self.clipboard.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        for name in ("CLIPBOARD", "PRIMARY"):
            owner.set_selection_owner(self.clipboard.intern_atom(name), X.CurrentTime)
        self.clipboard.store_secret = self.needles["clipboard"]  # type: ignore[attr-defined]
        self.clipboard.sync()

    def asked_for_the_clipboard(self) -> int:
        """How often somebody wanted what is in it."""
        self.clipboard.sync()
        events = [self.clipboard.next_event() for _ in range(self.clipboard.pending_events())]
        return sum(event.type == X.SelectionRequest for event in events)

    def focus(self, title: str) -> None:
        self.server.run("xdotool", "search", "--name", f"^{title}", "windowactivate", "--sync")

    def type_secret(self) -> None:
        """Into whatever has the focus; nothing of it is echoed."""
        self.server.run("xdotool", "type", "--delay", "12", self.needles["typed"].lower())

    def env(self) -> dict[str, str]:
        """What the observed program is started with: the door instead of the display."""
        return self.server.env(
            {
                "DISPLAY": self.proxy.display,
                "DBUS_SESSION_BUS_ADDRESS": "disabled:",
                "TMPDIR": str(self.folder / "tmp"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **self.system.env,
            }
        )


@contextmanager
def private_desk(folder: Path, seed: int) -> Iterator[PrivateDesk]:
    """A furnished desk; folder: for everything the observed program makes."""
    (folder / "tmp").mkdir()
    (folder / "bus").mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(xvfb("1000x640x24"))
        server.window_manager()
        system = stack.enter_context(logind(folder / "bus"))
        proxy = stack.enter_context(x_proxy(server.display))
        desk = PrivateDesk(server, proxy, system, Needles.draw(seed, *KINDS), folder)
        desk.furnish()
        yield desk
        desk.clipboard.close()
