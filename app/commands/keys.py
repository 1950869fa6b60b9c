"""Commands for the keys of devices and scripts."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from app.commands.common import HERE, Data, backbone, out
from app.core.types import Role

cli = typer.Typer(no_args_is_help=True, help="Create, list and revoke keys for devices and scripts.")


@cli.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    gate: Annotated[str | None, typer.Option(help="The gate, for role gate.")] = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    data: Data = HERE,
) -> None:
    """Create a key and print it on stdout. It is shown only this once."""
    with backbone(data) as here:
        secret, _ = here.keys.create(role, gate, name)
    sys.stdout.write(secret + "\n")


@cli.command("list")
def list_keys(data: Data = HERE) -> None:
    """List keys, without their secrets."""
    with backbone(data) as here:
        gates = {gate.id: gate.name for gate in here.gates.all()}
        table = Table("id", "role", "gate", "name", "state", box=None, pad_edge=False)
        for key in here.keys.all():
            state = "revoked" if key.revoked_at else "valid"
            table.add_row(key.id, key.role.value, gates.get(key.gate_id or "", ""), key.name, state)
    out.print(table)


@cli.command("revoke")
def revoke_key(key_id: str, data: Data = HERE) -> None:
    """Revoke a key by its id. It ends at once in every process."""
    with backbone(data) as here:
        here.keys.revoke(key_id)
