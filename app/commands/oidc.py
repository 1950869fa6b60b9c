"""Commands for the sign-in provider (OpenID Connect). They work while the service runs."""

import sys
from typing import Annotated

import typer

from app.commands.common import HERE, Data, backbone, err, out
from app.core.errors import BadInput
from app.core.types import Role

cli = typer.Typer(no_args_is_help=True, help="Set, show and remove the sign-in provider (OpenID Connect).")


@cli.command("set")
def set_provider(
    issuer: Annotated[
        str, typer.Argument(help="The issuer: the provider's https address, exactly as it names itself.")
    ],
    client_id: Annotated[str, typer.Argument(help="The client id of this Facegate there.")],
    role: Annotated[list[str], typer.Option("--role", help="GROUP=ROLE: the role here of a group there; repeatable.")],
    claim: Annotated[str, typer.Option(help="The claim that lists a person's groups.")] = "groups",
    label: Annotated[str, typer.Option(help="The provider's name on the sign-in button.")] = "your organisation",
    data: Data = HERE,
) -> None:
    """Check the provider and store it. Asks for the client secret, or reads it from standard input.

    Register ADDRESS/signin/provider/back there as the redirect URI.
    """
    roles = dict(_pair(each) for each in role)
    asked = sys.stdin.isatty()
    secret = str(typer.prompt("Client secret", hide_input=True, err=True)) if asked else sys.stdin.readline().strip()
    if not secret:
        raise BadInput("no_secret", "The client secret is missing. Type it, or pipe it to standard input.")
    with backbone(data) as here:
        here.accounts.federation.set(issuer, client_id, secret, claim, roles, label)
    err.print("People can now sign in through the provider.", markup=False)


@cli.command("show")
def show_provider(data: Data = HERE) -> None:
    """Show the provider, never its secret."""
    with backbone(data) as here:
        found = here.accounts.federation.provider()
    if found is None:
        out.print("No provider is set.")
        return
    out.print(f"{found.issuer} as {found.client_id}", markup=False)
    for group, role in found.roles.items():
        out.print(f"{found.claim}: {group} is {role.value}", markup=False)


@cli.command("remove")
def remove_provider(data: Data = HERE) -> None:
    """Remove the provider. Nobody can sign in through it any more."""
    with backbone(data) as here:
        here.accounts.federation.remove()


def _pair(text: str) -> tuple[str, Role]:
    group, _, role = text.rpartition("=")
    if not group or role not in list(Role):
        raise BadInput("bad_roles", "Write a role as GROUP=ROLE, such as guards=security.")
    return group, Role(role)
