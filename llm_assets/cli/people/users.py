"""The commands `users add|list|remove|password`: who may sign in to the review app."""

import getpass
import sys
from typing import Annotated

import typer

users = typer.Typer(no_args_is_help=True, help="Who may sign in to the review app.")
NAME = Annotated[str, typer.Argument(help="The person's name.")]


@users.command("add")
def add_user(
    name: NAME,
    role: Annotated[str, typer.Option(help="viewer | reviewer | lead")],
    queue: Annotated[
        list[str] | None, typer.Option(help="Sees only this queue; may be given more than once.")
    ] = None,
    without_password: Annotated[
        bool, typer.Option("--without-password", help="Signs in at the identity provider alone.")
    ] = False,
) -> None:
    """Add a person; the password is asked for, or read from stdin."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.review.people import add

    with open_desk() as assembly:
        added = add(assembly, name, role, queue or [], None if without_password else _password())
    print(f"{added.name} may sign in as {added.role}")


@users.command("list")
def list_users() -> None:
    """List everybody who may sign in."""
    from llm_assets.usecases.desk.desk import open_desk

    with open_desk() as assembly:
        everybody = assembly.ledger.people.everybody()
    for person in everybody:
        print(f"{person.name}  {person.role}  {', '.join(person.queues) or 'all queues'}")
    if not everybody:
        print("nobody; add one with: llm-assets users add NAME --role lead")


@users.command("remove")
def remove_user(name: NAME) -> None:
    """Remove a person and end their sessions."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.review.people import remove

    with open_desk() as assembly:
        remove(assembly, name)
    print(f"{name} may not sign in any more")


@users.command("password")
def change_password(name: NAME) -> None:
    """Change a password and end the person's sessions."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.review.people import change_password as change

    with open_desk() as assembly:
        change(assembly, name, _password())
    print(f"{name} has a new password")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")
