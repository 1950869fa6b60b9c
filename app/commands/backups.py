"""Commands that back up a site while it runs, and restore it into an empty folder."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from app.commands.common import HERE, Data, backbone, err, out, settings_of
from app.core.errors import Fault
from app.core.site.backup import LEAST_PASSPHRASE

WITH_KEY = (
    "Put the master key into the backup, and seal it with a passphrase. With --without-key the master key seals it, "
    "and you keep the key elsewhere. Asked for if you give neither."
)


def backup(
    file: Annotated[Path, typer.Argument(help="The new file. Its folder also gets the newest copy of people.keys.")],
    with_key: Annotated[bool | None, typer.Option("--with-key/--without-key", help=WITH_KEY)] = None,
    data: Data = HERE,
) -> None:
    """Write database and journals to one sealed file, while the service runs."""
    settings = settings_of(data)
    if with_key is None:
        if not sys.stdin.isatty():
            raise Fault("say whether the master key goes into the backup: --with-key or --without-key")
        with_key = typer.confirm("Put the master key into the backup, sealed with a passphrase?", default=False)
    passphrase = _passphrase(twice=True) if with_key else None
    with backbone(data) as here, Progress(console=err) as bar:
        task = bar.add_task("Backing up", total=None)
        made = here.backups.make(
            str(file.absolute()), passphrase, lambda done, total: bar.update(task, completed=done, total=total)
        )
    out.print(f"{file}: {made.bytes} bytes, opened again and whole.", markup=False)
    if made.with_key:
        out.print("Whoever has this file and its passphrase can read everything. Keep the two apart.")
    else:
        where = "FACEGATE_MASTER_KEY" if settings.master_key else str(settings.data / "master.key")
        out.print(f"The master key is not in it: keep a copy of {where} elsewhere.", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)],
    master_key: Annotated[
        Path | None, typer.Option(help="The file of the master key, if it is not in the backup.", exists=True)
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The newest facegate-keys.sealed, if it is not beside the backup.", exists=True)
    ] = None,
    data: Data = HERE,
) -> None:
    """Restore a backup into an empty folder, and an empty database. Erased people stay erased."""
    from app.adapters.crypto import backup_file
    from app.adapters.crypto.vault import load_master_key
    from app.wiring.restoring import Restore

    settings = settings_of(data)
    head, _ = backup_file.read_head(file)
    with err.status("Checking the backup") as status:
        if head.with_key:
            status.stop()
        done = Restore(
            settings,
            file,
            master_key=load_master_key(master_key) if master_key else None,
            passphrase=_passphrase(twice=False) if head.with_key else None,
            keys=keys,
            progress=lambda table: status.update(f"Restoring {table}"),
        ).run()
    rows = done.rows
    people, events = rows.get("employees", 0), rows.get("events", 0)
    out.print(f"Restored to {head.made_at:%Y-%m-%d %H:%M} UTC: {people} employees, {events} events.")
    if done.erased:
        out.print(f"{done.erased} of these employees were erased since then, and are erased again.")
    out.print("Everybody is signed out, and links for self-enrolment are revoked.")
    out.print("Users and API keys are as they were then: revoke again what you revoked since.")
    for words in done.lost:
        err.print(f"Older than the log that was: {words}", markup=False)
    flaw = done.flaw if done.lost else done.report.flaw
    if done.report.valid:
        out.print("The log is intact.")
    elif flaw is None:
        out.print("What the backup has of the log is intact.")
    else:
        err.print(f"BAD: gate {flaw.gate}, record {flaw.sequence} ({flaw.event_id}): {flaw.problem}", markup=False)
        raise typer.Exit(1)


def _passphrase(*, twice: bool) -> str:
    """From the terminal, or else the first line of standard input."""
    if not sys.stdin.isatty():
        typed = sys.stdin.readline().rstrip("\n")
    else:
        typed = getpass.getpass("Passphrase of the backup: ")
        if twice and getpass.getpass("The same again: ") != typed:
            raise Fault("the two passphrases differ: type the same one twice")
    if len(typed) < LEAST_PASSPHRASE:
        raise Fault(f"a passphrase has at least {LEAST_PASSPHRASE} characters: type it, or send it to standard input")
    return typed
