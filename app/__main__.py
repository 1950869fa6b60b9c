"""The command line: `python -m app COMMAND`. Every command takes --data DIR; settings come from the environment and
DIR/facegate.toml."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.core.errors import FacegateError, NotFound
from app.core.registry import Details
from app.core.types import Role
from app.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from app.wiring import Office

# A trace drawn by typer shows local variables, in some versions also their values: keys and names among them.
cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Facegate: a face-recognition turnstile.",
)
keys_cli = typer.Typer(no_args_is_help=True, help="Keys for devices and scripts.")
gates_cli = typer.Typer(no_args_is_help=True, help="The gates there are.")
audit_cli = typer.Typer(no_args_is_help=True, help="Proof that the log was not altered.")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(gates_cli, name="gates")
cli.add_typer(audit_cli, name="audit")

Data = Annotated[Path, typer.Option("--data", envvar="FACEGATE_DATA", help="Folder of database, keys and settings.")]
HERE = Path("data")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(data: Path) -> Settings:
    """The settings of a data folder. Raises SettingsError, also for an address of a database that is none."""
    from sqlalchemy.exc import ArgumentError

    from app.adapters.db.engine import parse

    settings = read_settings(data)
    try:
        parse(settings.url)
    except (ArgumentError, ValueError):
        # Not repeated: it may hold a password.
        raise SettingsError("database_url: the database must be sqlite:///a/file or postgresql://...") from None
    return settings


@contextmanager
def office(data: Path) -> Iterator["Office"]:
    """What works without a model, closed at the end. Imported late: `--help` should not wait for the libraries."""
    from app.wiring import open_office

    opened = open_office(settings_of(data))
    try:
        yield opened
    finally:
        opened.close()


@cli.command()
def serve(
    data: Data = HERE,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at.")] = 8000,
) -> None:
    """Run the service until SIGTERM or Ctrl-C. The first start prints an admin key, once."""
    from app.serving import run

    run(settings_of(data), host, port, announce=out.print)


@cli.command()
def migrate(data: Data = HERE) -> None:
    """Bring the database's schema up to date; safe to repeat."""
    from app.adapters.db import migrate as schema

    settings = settings_of(data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    schema.upgrade(settings.url)
    out.print(f"schema {schema.current(settings.url)}")


@cli.command()
def enroll(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="1 to 10 photos of one person.")],
    number: Annotated[str, typer.Option(help="Employee number; an employee of that number gets these photos added.")],
    name: Annotated[str | None, typer.Option(help="Needed for a new employee.")] = None,
    data: Data = HERE,
) -> None:
    """Enrol a person with photos. Works while the service runs; its gates know the person at once."""
    from app.wiring import open_system

    with err.status("Loading the models"):
        system = open_system(settings_of(data))
    try:
        employee = system.enrolment.by_number(number)
        if employee is None:
            if name is None:
                raise NotFound("unknown_employee", f"No employee has number {number}; give --name to add one.")
            employee = system.enrolment.add(Details(number=number, name=name))
        results = system.enrolment.add_photos(employee.id, [path.read_bytes() for path in paths])
    finally:
        system.close()
    for path, result in zip(paths, results, strict=True):
        verdict = f"accepted, quality {result.quality:.2f}" if result.accepted else ", ".join(result.problems)
        out.print(f"{path.name}: {verdict}{'. ' + result.detail if result.detail else ''}", markup=False)
    if not any(result.accepted for result in results):
        err.print(f"{number} cannot be recognised with these photos.", markup=False)
        raise typer.Exit(1)


@cli.command()
def reembed(data: Data = HERE) -> None:
    """Make every template anew from the stored photos, for another model pack or precision. Stop the service first."""
    from app.wiring import reembed as run

    done = run(settings_of(data), lambda items: track(items, "Re-embedding", console=err))
    out.print(f"{done} templates made anew")


@cli.command()
def doctor(data: Data = HERE) -> None:
    """Say what is wrong with this installation and what to do."""
    from app import doctor as doctoring

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
    out.print("Nothing is wrong." if not wrong else f"{wrong} thing(s) to mend, marked WRONG.")
    if wrong:
        raise typer.Exit(1)


@cli.command()
def demo(
    data: Annotated[Path | None, typer.Option("--data", help="Keep the demo's data here.")] = None,
    port: Annotated[int, typer.Option(help="Port of the demo's service.")] = 8000,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the table; non-zero if a decision was wrong.")
    ] = False,
) -> None:
    """Watch a turnstile recognise real people from real photos."""
    from app.demo.play import run

    raise typer.Exit(run(data, port, stay=not leave))


@keys_cli.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    gate: Annotated[str | None, typer.Option(help="The gate, for role gate.")] = None,
    name: Annotated[str, typer.Option(help="What it is for, in the list of keys.")] = "",
    data: Data = HERE,
) -> None:
    """Print a new key, alone on stdout. It is shown this once."""
    with office(data) as here:
        secret, _ = here.keys.create(role, gate, name)
    sys.stdout.write(secret + "\n")


@keys_cli.command("list")
def list_keys(data: Data = HERE) -> None:
    """List keys (never the keys themselves)."""
    with office(data) as here:
        gates = {gate.id: gate.name for gate in here.gates.all()}
        table = Table("id", "role", "gate", "name", "state", box=None, pad_edge=False)
        for key in here.keys.all():
            state = "revoked" if key.revoked_at else "valid"
            table.add_row(key.id, key.role.value, gates.get(key.gate_id or "", ""), key.name, state)
    out.print(table)


@keys_cli.command("revoke")
def revoke_key(key_id: str, data: Data = HERE) -> None:
    """Revoke a key by its id, at once in every process."""
    with office(data) as here:
        here.keys.revoke(key_id)


@gates_cli.command("add")
def add_gate(name: str, data: Data = HERE) -> None:
    """Add a gate. Next, give its hardware a key: keys create --role gate --gate NAME."""
    with office(data) as here:
        gate = here.gates.add(name)
    out.print(f"gate {gate.name} added", markup=False)


@gates_cli.command("list")
def list_gates(data: Data = HERE) -> None:
    """List the gates."""
    with office(data) as here:
        for gate in here.gates.all():
            out.print(f"{gate.name}\t{'enabled' if gate.enabled else 'disabled'}", markup=False)


@audit_cli.command("verify")
def verify_log(
    checkpoints: Annotated[
        list[Path] | None, typer.Option(exists=True, help="Further files of signed checkpoints, kept elsewhere.")
    ] = None,
    data: Data = HERE,
) -> None:
    """Walk every gate's chain; name the first bad record, if there is one."""
    from app.wiring import read_checkpoints

    with office(data) as here:
        report = here.checkpoints.verify(mark for path in checkpoints or [] for mark in read_checkpoints(path))
    for name, chain in report.gates.items():
        out.print(f"{name}: {chain.events} events, head {chain.head[:16]}", markup=False)
    if report.flaw is None:
        out.print("The log is whole.")
        return
    flaw = report.flaw
    err.print(f"BAD: gate {flaw.gate}, record {flaw.sequence} ({flaw.event_id}): {flaw.problem}", markup=False)
    raise typer.Exit(1)


@audit_cli.command("checkpoint")
def checkpoint(data: Data = HERE) -> None:
    """Print the signed heads of all gates, one JSON object a line: keep them away from this machine."""
    with office(data) as here:
        for mark in here.checkpoints.audit.checkpoint():
            sys.stdout.write(json.dumps(mark) + "\n")


def main() -> None:
    """Runs a command; a fault becomes one line that says what to do, and exit code 1."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        cli()
    except FacegateError as error:
        err.print(f"facegate: {error}", markup=False)
        sys.exit(1)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        if isinstance(error, DBAPIError):
            why = str(error.orig).partition("\n")[0]
            err.print(f"facegate: the database cannot be used: {why}", markup=False)
        elif isinstance(error, OSError):
            err.print(f"facegate: {error}", markup=False)
        else:
            raise
        sys.exit(1)


if __name__ == "__main__":
    main()
