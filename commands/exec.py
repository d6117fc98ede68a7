"""`switchyard exec SERVICE -- COMMAND`: a command beside one copy of a service, in its container."""

import argparse

from commands import live


def configure(parser: argparse.ArgumentParser) -> None:
    live.configure_service(parser)
    parser.add_argument("argv", nargs="+", metavar="COMMAND", help="after --, such as: -- python -m portal.migrate")


def run(arguments: argparse.Namespace) -> int:
    """The command's own exit status, where the orchestrator tells it (ECS does not)."""
    return live.place(arguments).exec(arguments.service, arguments.argv)
