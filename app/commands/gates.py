"""The gates there are."""

import typer

from app.commands.common import HERE, Data, office, out

cli = typer.Typer(no_args_is_help=True, help="The gates there are.")


@cli.command("add")
def add_gate(name: str, data: Data = HERE) -> None:
    """Add a gate. Next, give its hardware a key: keys create --role gate --gate NAME."""
    with office(data) as here:
        gate = here.gates.add(name)
    out.print(f"gate {gate.name} added", markup=False)


@cli.command("list")
def list_gates(data: Data = HERE) -> None:
    """List the gates."""
    with office(data) as here:
        for gate in here.gates.all():
            out.print(f"{gate.name}\t{'enabled' if gate.enabled else 'disabled'}", markup=False)
