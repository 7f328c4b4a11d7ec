"""`workdiary manage witnesses`: who witnesses this log and stamps its time, and what they gave last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from workdiary.cli import Globals
from workdiary.cli.serve import plan
from workdiary.server.compose import installation
from workdiary.server.store.home import check_home


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def witnesses(options: Globals, *, as_json: bool) -> None:
    """Show the log's verifier key, each pinned witness and its last cosignature, and the time stamper.

    The verifier key is what a witness needs to follow this log. Reads only, also while the server runs.
    """
    home = options.resolved_home()
    check_home(home)
    with installation(plan(home, None)) as runtime:
        from workdiary.server.log.outside import outside  # noqa: PLC0415 - models need configured settings
        from workdiary.server.log.outside import witnesses as each  # noqa: PLC0415 - likewise
        from workdiary.server.log.tree import current, signer  # noqa: PLC0415 - likewise

        settings = runtime.settings
        found = {
            "log_vkey": signer(current().epoch).vkey.encode(),
            "k": settings.k,
            "witnesses": each(),
            "tsa": outside().get("tsa"),
        }
        lines = [_line(item) for item in each()]
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"This log's verifier key: {found['log_vkey']}")
    click.echo(
        f"Witnesses, {settings.k} of {len(lines)} must agree:"
        if lines
        else "No witness is pinned (server.toml)."
    )
    for line in lines:
        click.echo(line)
    stamped = {True: "Time stamps come.", False: "No time stamp came for two hours."}
    tsa = found["tsa"]
    click.echo(
        stamped[bool(tsa["current"])] if isinstance(tsa, dict) else "No time stamper is set (server.toml)."
    )


def _line(item: Mapping[str, object]) -> str:
    at = item["time_s"]
    when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC" if isinstance(at, int) else "never"
    state = "" if item["current"] else "  (behind: does it answer? See the log)"
    return f"  {item['name']}: last cosigned {when}, size {item['size'] or 0}{state}"
