"""Commands for gates."""

import typer

from app.commands.common import HERE, Data, backbone, out

cli = typer.Typer(no_args_is_help=True, help="Add and list gates.")


@cli.command("add")
def add_gate(name: str, data: Data = HERE) -> None:
    """Add a gate. Then give its hardware a key: keys create --role gate --gate NAME."""
    with backbone(data) as here:
        gate = here.gates.add(name)
    out.print(f"Gate {gate.name} added.", markup=False)


@cli.command("list")
def list_gates(data: Data = HERE) -> None:
    """List the gates."""
    with backbone(data) as here:
        for gate in here.gates.all():
            out.print(f"{gate.name}\t{'enabled' if gate.enabled else 'disabled'}", markup=False)
