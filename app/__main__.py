"""The command line: `python -m app COMMAND`.

Every command takes --data DIR. Settings come from the environment and DIR/facegate.toml.
"""

import os

# Read when numpy, FAISS and OpenCV are loaded. Each brings a pool of threads for large matrices, which nothing here
# multiplies; the pools spin for as long as a start takes (0.2 s of processor time on two cores, 2026-12-01).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import getpass
import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app import machine
from app.commands import (
    audit,
    backups,
    cameras,
    clock,
    corrections,
    gates,
    keys,
    oidc,
    packs,
    people,
    rules,
    users,
)
from app.commands.common import HERE, Data, backbone, err, out, settings_of
from app.commands.privacy import dpia, erasures, retention
from app.core.accounts.trail import AtWork, working
from app.core.errors import Conflict, FacegateError, NotFound
from app.core.people.details import Details
from app.core.text import folded
from app.process import log_lines, memory

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Facegate: a face-recognition turnstile.",
)
GROUPS = {
    "keys": keys,
    "gates": gates,
    "cameras": cameras,
    "rules": rules,
    "audit": audit,
    "clock": clock,
    "retention": retention,
    "erasures": erasures,
    "corrections": corrections,
    "users": users,
    "oidc": oidc,
}
for name, group in GROUPS.items():
    cli.add_typer(group.cli, name=name)
cli.command("packs")(packs.command)
cli.command("reembed")(packs.reembed)

cli.command("dpia")(dpia.dpia)
cli.command("backup")(backups.backup)
cli.command("restore")(backups.restore)

cli.command("import")(people.import_people)
cli.command("export")(people.export_people)


@cli.command()
def serve(
    data: Data = HERE,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at.")] = 8000,
    cameras: Annotated[bool, typer.Option(help="Watch cameras in this process, not only in workers.")] = True,
) -> None:
    """Run the service until SIGTERM or Ctrl-C. The first start prints an admin key and a link to set up the console."""
    with memory.uncollected():
        from app.process.serving import run

    run(settings_of(data), host, port, announce=out.print, cameras=cameras)


@cli.command()
def worker(data: Data = HERE) -> None:
    """Watch cameras until SIGTERM or Ctrl-C, without serving HTTP. Any number of workers share the cameras."""
    with memory.uncollected():
        from app.process.serving import watch

    watch(settings_of(data), announce=out.print)


@cli.command()
def migrate(data: Data = HERE) -> None:
    """Bring the schema of the database up to date. Safe to repeat."""
    from app.adapters.db.engine import migrate as schema

    with backbone(data) as here:  # opening migrates, as in every command
        url = here.settings.url
    out.print(f"schema {schema.current(url)}")


@cli.command()
def enroll(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="1 to 10 photos of one person.")],
    number: Annotated[str, typer.Option(help="Employee number. If the employee exists, the photos are added.")],
    name: Annotated[str | None, typer.Option(help="Required for a new employee.")] = None,
    data: Data = HERE,
) -> None:
    """Enrol a person with photos. Works while the service runs, whose gates know the person at once."""
    from app.wiring import open_system

    with err.status("Loading the models"):
        system = open_system(settings_of(data), begin=False)
    try:
        photos = [path.read_bytes() for path in paths]
        employee = system.enrolment.by_number(number)
        known = employee is not None
        if employee is not None and name is not None and folded(name) != folded(employee.name):
            raise Conflict(
                "another_name",
                f"Number {number} is {employee.name}, not {name}. Leave out --name to add the photos to them.",
            )
        if employee is None:
            if name is None:
                raise NotFound("unknown_employee", f"No employee has number {number}. Give --name to add one.")
            # There is no reason to store somebody who cannot be recognised.
            employee, results = system.enrolment.add_recognisable(Details(number=number, name=name), photos)
        else:
            results = system.enrolment.add_photos(employee.id, photos)
    finally:
        system.close()
    who = f"{employee.name} ({employee.number})" if employee else f"{name} ({number})"
    out.print(f"{who}, {'known already' if known else 'new' if employee else 'not added'}:", markup=False)
    for path, result in zip(paths, results, strict=True):
        verdict = f"accepted, quality {result.quality:.2f}" if result.accepted else ", ".join(result.problems)
        out.print(f"{path.name}: {verdict}{'. ' + result.detail if result.detail else ''}", markup=False)
    if not any(result.accepted or "duplicate_photo" in result.problems for result in results):
        err.print(f"{number} cannot be recognised with these photos.", markup=False)
        raise typer.Exit(1)


@cli.command()
def doctor(data: Data = HERE) -> None:
    """Examine this installation, and say what is wrong and what to do."""
    from app.commands import doctor as doctoring

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    wrong = 0
    with err.status("Examining"):
        for finding in doctoring.examine(settings_of(data)):
            mark = {True: "[green]ok[/]", False: "[red]WRONG[/]", None: ""}[finding.ok]
            wrong += finding.ok is False
            show = finding.advice and finding.ok is not True
            table.add_row(mark, finding.part, finding.detail + (f"\n→ {finding.advice}" if show else ""))
    out.print(table)
    out.print("Nothing is wrong." if not wrong else f"{wrong} thing(s) to fix, marked WRONG.")
    if wrong:
        raise typer.Exit(1)


@cli.command()
def demo(
    data: Annotated[Path | None, typer.Option("--data", help="Keep the demo's data here.")] = None,
    port: Annotated[int, typer.Option(help="Port of the demo's service.")] = 8000,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the table, with exit code 1 if a decision was wrong.")
    ] = False,
) -> None:
    """Watch a turnstile recognise real people from real photos."""
    from app.demo.play.show import run

    raise typer.Exit(run(data, port, stay=not leave))


def _at_work() -> AtWork:
    """Whoever runs this command, for the audit trail: the machine's account. `serve` and the demo work for others."""

    words = sys.argv[1:3] if sys.argv[1:2] and sys.argv[1] in GROUPS else sys.argv[1:2]  # what follows may be a secret
    command = " ".join(words)

    def now() -> datetime:
        from app.wiring import utc_now

        return utc_now()

    def new_id() -> str:
        from app.wiring import new_id

        return new_id()

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an id without a name, as in a container
        account = str(os.getuid())
    return AtWork(now, new_id, account, lambda: command, recorded=lambda: command not in {"serve", "demo"})


def main() -> None:
    """Runs a command. A fault becomes one line that says what to do, and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format=log_lines.TEXT, stream=sys.stderr)
    try:
        with working(_at_work()):
            cli()
    except FacegateError as error:
        err.print(f"facegate: {error}", markup=False)
        sys.exit(1)
    except OSError as error:
        err.print(f"facegate: {machine.in_words(error)}", markup=False)
        sys.exit(1)
    except Exception as error:
        # Everything is caught: naming DBAPIError above would import SQLAlchemy, and `--help` must not wait for it.
        from sqlalchemy.exc import DBAPIError

        if not isinstance(error, DBAPIError):
            raise  # a fault of ours: whoever mends it needs the traceback
        err.print(f"facegate: {machine.database_in_words(error.orig, None)}", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
