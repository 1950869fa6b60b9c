"""Commands for people who sign in to the console. They work while the service runs, also when nobody can sign in."""

import re
import sys
from typing import Annotated

import typer
from rich.table import Table

from app.commands.common import HERE, Data, backbone, err, out
from app.core.errors import BadInput

cli = typer.Typer(no_args_is_help=True, help="Manage people who sign in to the console.")
Name = Annotated[str, typer.Argument(help="The user's name.")]
Roles = Annotated[list[str], typer.Option("--role", help="admin, security or viewer; repeatable.")]
Address = Annotated[str, typer.Option(help="The service's address, with which the link begins.")]
HERE_SERVED = "http://127.0.0.1:8000"


@cli.command("add")
def add_user(
    name: Name,
    role: Roles,
    link: Annotated[bool, typer.Option("--link", help="Ask for no password, but print a link to choose one.")] = False,
    address: Address = HERE_SERVED,
    data: Data = HERE,
) -> None:
    """Add a user. Asks for the password, or reads it from the first line of standard input."""
    from app.services.accounts.users import roles_of

    with backbone(data) as here:
        users = here.accounts.users
        user = users.add(name, roles_of(role), None if link else _password())
        if link:
            out.print(_link(address, users.reset(user.id)), markup=False)
        else:
            err.print(f"{user.name} can sign in.", markup=False)


@cli.command("list")
def list_users(data: Data = HERE) -> None:
    """List users, their roles and whether they can sign in."""
    with backbone(data) as here:
        table = Table("name", "roles", "state", box=None, pad_edge=False)
        for user in here.accounts.users.all():
            state = "active" if user.password or user.subject else "no password yet"
            table.add_row(user.name, ", ".join(sorted(user.roles)), state if user.enabled else "disabled")
    out.print(table, markup=False)


@cli.command("reset")
def reset_user(name: Name, address: Address = HERE_SERVED, data: Data = HERE) -> None:
    """Print a one-time link to choose a new password, valid for a day. Also ends a lock after wrong passwords."""
    with backbone(data) as here:
        users = here.accounts.users
        out.print(_link(address, users.reset(users.by_name(name).id)), markup=False)


@cli.command("disable")
def disable_user(name: Name, data: Data = HERE) -> None:
    """Sign a user out everywhere and refuse further sign-ins. The last admin cannot be disabled."""
    with backbone(data) as here:
        here.accounts.users.change(here.accounts.users.by_name(name).id, enabled=False)


@cli.command("enable")
def enable_user(name: Name, data: Data = HERE) -> None:
    """Let a user sign in again."""
    with backbone(data) as here:
        here.accounts.users.change(here.accounts.users.by_name(name).id, enabled=True)


def _link(address: str, token: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", address):
        raise BadInput("bad_address", "--address is the service's address, such as https://gate.example.com")
    return f"{address.rstrip('/')}/reset?token={token}"


def _password() -> str:
    """Asks twice at a terminal, else reads one line of standard input. Not an argument, which other users can see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first: str = typer.prompt("Password", hide_input=True, err=True)
    if first != typer.prompt("Repeat the password", hide_input=True, err=True):
        raise BadInput("passwords_differ", "The two passwords differ. Nothing was changed.")
    return first
