"""`workdiary doctor`: what this desktop lets us record, why not more, and one test shot."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from workdiary import __version__
from workdiary.cli import Globals
from workdiary.cli.talk import can_ask, say, tell
from workdiary.client.account import Account
from workdiary.client.capture.registry import choose
from workdiary.client.errors import border
from workdiary.client.segment.clock import SystemClock
from workdiary.client.segment.image_file import decode_key, open_image
from workdiary.client.segment.shots import ShotChild, ShotFailedError, ShotRequest
from workdiary.client.settings import load_settings, open_home
from workdiary.client.sign.keystore import (
    SOFTWARE,
    SOFTWARE_FILE,
    NoKeyringError,
    open_keyring,
    open_keystore,
)
from workdiary.client.tracker.lock import owner
from workdiary.client.tracker.view import backend_views
from workdiary.client.upload.skew import known_skew
from workdiary.wire.known import KnownError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-input", is_flag=True, help="Do not open the test shot.")
@click.pass_obj
def doctor(options: Globals, *, as_json: bool, no_input: bool) -> None:
    """Show the chosen backend per capability, the refusals and their reasons.

    Takes one test shot, shows it and deletes it; nothing of it is kept or sent.
    """
    home = options.resolved_home()
    # The null backends shout into the log; here their reasons are the answer itself.
    logging.getLogger("workdiary").addHandler(logging.NullHandler())
    backends = choose(os.environ)
    try:
        views = [asdict(view) for view in backend_views(backends)]
    finally:
        backends.close()
    with tempfile.TemporaryDirectory(prefix="workdiary-doctor-") as folder:
        shot, pictures = _test_shot(Path(folder))
        found: dict[str, object] = {
            "version": __version__,
            "home": _home(home),
            "key_store": _key_store(home),
            "recovery_code": _recovery_code(home),
            "clock": _clock(home),
            "backends": [_backend(view) for view in views],
            "shot": shot,
        }
        if as_json:
            tell(found)
        else:
            _print(found)
        if pictures and can_ask(no_input=no_input or as_json):
            _show(pictures)
    if shot["taken"] and not as_json:
        say("The test shot is deleted.")


def _backend(view: dict[str, object]) -> dict[str, object]:
    refused = view.pop("refused")
    pairs = refused if isinstance(refused, tuple) else ()
    return {**view, "refused": [{"backend": name, "reason": reason} for name, reason in pairs]}


def _home(home: Path) -> dict[str, object]:
    """Where it is, who runs on it, what its settings say that nobody reads."""
    found: dict[str, object] = {"path": str(home), "exists": True, "running": owner(home / "lock")}
    crash = home / "logs" / "crash.log"
    try:
        with border(home):
            found["exists"] = (home / "home.json").exists()
            found["crash_log"] = str(crash) if crash.exists() and crash.stat().st_size else None
        if found["exists"]:
            loaded = load_settings(open_home(home, __version__), os.environ)
            found["unknown_settings"] = list(loaded.unknown)
            found["overrides"] = list(loaded.overrides)
    except KnownError as error:
        found["trouble"] = str(error)
    return found


def _key_store(home: Path) -> dict[str, object]:
    """The key class this home has, or would get."""
    try:
        with border(home):
            chosen = (home / "keystore.json").exists()
        if chosen:
            opened = open_keystore(open_home(home, __version__), "auto", os.environ)
            return {"class": opened.key_class, "place": opened.store.place, "note": "chosen for this home"}
        open_keyring("doctor", os.environ)
    except NoKeyringError as error:
        note = f"{error}: keys would be kept in files only you can read"
        return {"class": SOFTWARE_FILE, "place": "file", "note": note}
    except KnownError as error:
        return {"class": None, "place": None, "note": str(error)}
    return {"class": SOFTWARE, "place": "keyring", "note": "a new home would use it"}


def _recovery_code(home: Path) -> str:
    """Whether the account's root is known here; "" before the first contact with a server."""
    try:
        with border(home):
            enrolled = (home / "account.json").exists()
        known = Account.open(open_home(home, __version__)).enrolment if enrolled else None
    except KnownError as error:
        return str(error)
    if known is None:
        return ""
    if not known.root:
        return "none yet: only the server says whose computer this is (`workdiary keys root` makes one)"
    return "known here" + (
        "" if known.cert else "; this computer is not certified (`workdiary keys recover`)"
    )


def _clock(home: Path) -> str:
    """The wall clock against the server's, "" where that is not known."""
    try:
        with border(home):
            known = (home / "account.json").exists()
        skew = known_skew(open_home(home, __version__), SystemClock()) if known else None
    except KnownError as error:
        return str(error)
    if skew is None:
        return ""
    if skew == 0:
        return "agrees with the server's"
    return f"{abs(skew) / 1000:.0f} s {'ahead of' if skew > 0 else 'behind'} the server's; set it right"


def _test_shot(folder: Path) -> tuple[dict[str, object], list[Path]]:
    """What a shot would be here, and the opened pictures in `folder`."""
    request = ShotRequest(folder, SystemClock().wall_ms())
    try:
        images = ShotChild(env=os.environ).take(request)
    except ShotFailedError as error:
        return {"taken": False, "no_shot": error.no_shot, "why": str(error), "images": []}, []
    except KnownError as error:
        return {"taken": False, "no_shot": "error", "why": str(error), "images": []}, []
    pictures = []
    for number, image in enumerate(images):
        plain = folder / f"screen-{number}.{image.type.rpartition('/')[2]}"
        plain.write_bytes(open_image(folder / image.image, decode_key(image.key)))
        pictures.append(plain)
    facts = [
        {"type": image.type, "bytes": image.bytes, "width": image.width, "height": image.height}
        for image in images
    ]
    return {"taken": True, "no_shot": None, "why": "", "images": facts}, pictures


def _show(pictures: list[Path]) -> None:
    for picture in pictures:
        click.launch(str(picture))
    click.pause("Press a key when you have seen it; it is deleted then.", err=True)


def _print(found: dict[str, object]) -> None:
    home, keys, shot = (_dict(found[name]) for name in ("home", "key_store", "shot"))
    click.echo(f"WorkDiary {found['version']}, home {home['path']}")
    for name in ("running", "unknown_settings", "overrides", "trouble", "crash_log"):
        if home.get(name):
            click.echo(f"  {name.replace('_', ' ')}: {home[name]}")
    click.echo(f"keys      {keys['class']} ({keys['note']})")
    if found["recovery_code"]:
        click.echo(f"recovery  {found['recovery_code']}")
    if found["clock"]:
        click.echo(f"clock     {found['clock']}")
    backends = found["backends"]
    for view in (_dict(item) for item in backends) if isinstance(backends, list) else ():
        click.echo(f"{view['capability']:<9} {view['name']}{_after(view['note'])}")
        refused = view["refused"]
        for refusal in (_dict(item) for item in refused) if isinstance(refused, list) else ():
            click.echo(f"          not {refusal['backend']}: {refusal['reason']}")
    images = shot["images"]
    for image in (_dict(item) for item in images) if isinstance(images, list) else ():
        click.echo(f"test shot {image['width']}x{image['height']} {image['type']}, {image['bytes']} bytes")
    if not shot["taken"]:
        click.echo(f"test shot none ({shot['no_shot']}): {shot['why']}")


def _after(note: object) -> str:
    return f": {note}" if note else ""


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
