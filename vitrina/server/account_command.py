"""The command that adds an account of staff, lists them, sets a password, closes one."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from vitrina.errors import BadRequest
from vitrina.server.settings import Settings


def add_account_command(commands: Any) -> None:
    """`account`, for the parser of python -m vitrina."""
    command = commands.add_parser("account", help="accounts of staff")
    acts = command.add_subparsers(required=True, metavar="ACT")
    for act, text in (
        ("add", "add an account"),
        ("password", "set a new password; it opens a closed account again"),
        ("close", "nobody signs in by it any more; what it did stays"),
    ):
        named = acts.add_parser(act, help=text)
        named.add_argument("name")
        if act != "close":
            named.add_argument(
                "--password-stdin", action="store_true", help="read the password from standard input"
            )
        named.set_defaults(run=_run, act=act)
    acts.add_parser("list", help="their names").set_defaults(run=_run, act="list")


def _run(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.gallery.store import Store

    settings.data.mkdir(parents=True, exist_ok=True)
    with Store.open(settings.database, settings.data / "pictures") as store:
        if options.act == "list":
            for name in store.accounts.names():
                print(name)
        elif options.act == "close":
            store.accounts.close(options.name)
            print(f"Account {options.name} closed; its sessions have ended.")
        elif options.act == "add":
            store.accounts.add(options.name, _password(from_input=options.password_stdin))
            print(f"Account {options.name} added. Sign in at /backend.")
        else:
            store.accounts.set_password(options.name, _password(from_input=options.password_stdin))
            print(f"Password of {options.name} changed; its sessions have ended.")
    return 0


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Once more: ") != first:
        raise BadRequest("the same password twice", "two different ones", "Run the command again.")
    return first
