"""Signing in through another provider (OpenID Connect): set up, shown, removed. Works while the service runs."""

import sys
from typing import Annotated

import typer

from app.commands.common import HERE, Data, err, office, out
from app.core.errors import BadInput
from app.core.types import Role

cli = typer.Typer(no_args_is_help=True, help="Signing in through another provider (OpenID Connect).")


@cli.command("set")
def set_provider(
    issuer: Annotated[str, typer.Argument(help="Its https address, exactly as it calls itself.")],
    client_id: Annotated[str, typer.Argument(help="What it knows this Facegate as.")],
    role: Annotated[list[str], typer.Option("--role", help="GROUP=ROLE: whose group there has which role here.")],
    claim: Annotated[str, typer.Option(help="Where the provider says in which groups somebody is.")] = "groups",
    label: Annotated[str, typer.Option(help="What the button on the sign-in page calls it.")] = "your organisation",
    data: Data = HERE,
) -> None:
    """Ask the provider whether it is there, and keep it. The client's secret is asked for, or read from standard input.

    Register ADDRESS/signin/provider/back there as the redirect address.
    """
    roles = dict(_pair(each) for each in role)
    asked = sys.stdin.isatty()
    secret = str(typer.prompt("Client secret", hide_input=True, err=True)) if asked else sys.stdin.readline().strip()
    if not secret:
        raise BadInput("no_secret", "The client secret is missing: type it, or send it to standard input.")
    with office(data) as here:
        here.reception.federation.set(issuer, client_id, secret, claim, roles, label)
    err.print("People can sign in through it.", markup=False)


@cli.command("show")
def show_provider(data: Data = HERE) -> None:
    """Show the provider, never its secret."""
    with office(data) as here:
        found = here.reception.federation.provider()
    if found is None:
        out.print("There is no provider.")
        return
    out.print(f"{found.issuer} as {found.client_id}", markup=False)
    for group, role in found.roles.items():
        out.print(f"{found.claim}: {group} is {role.value}", markup=False)


@cli.command("remove")
def remove_provider(data: Data = HERE) -> None:
    """Nobody signs in through it from now on."""
    with office(data) as here:
        here.reception.federation.remove()


def _pair(text: str) -> tuple[str, Role]:
    group, _, role = text.rpartition("=")
    if not group or role not in list(Role):
        raise BadInput("bad_roles", "Write a role as GROUP=ROLE, such as guards=security.")
    return group, Role(role)
