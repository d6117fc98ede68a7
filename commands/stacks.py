"""Which stack a subcommand is about: the options `--stack`, `--file` and `--set`, and the config that they give."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import stackfiles

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the program and its Pulumi.yaml."""


class UsageError(Exception):
    """The command cannot be done as it was called; `str()` says what to change."""


def configure(parser: argparse.ArgumentParser, where: "argparse._MutuallyExclusiveGroup | None" = None) -> None:
    """The three options; `--stack` goes into the group `where` of what it excludes, if there is one."""
    (where or parser).add_argument(
        "--stack", default="dev", help="the stack whose Pulumi.<stack>.yaml is read (default: dev)"
    )
    parser.add_argument(
        "--file", action="append", metavar="F", type=Path, help="a compose file instead of the stack's; may be repeated"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting, such as orchestrator=eks, edge.http=true or managed=[]; may be repeated",
    )


def config(arguments: argparse.Namespace) -> tuple[str, dict[str, object]]:
    """The project's name and the stack's config with the options applied. Raises UsageError."""
    project, values = read(arguments.stack, arguments.set)
    if arguments.file:
        values[f"{project}:workload"] = [str(file.absolute()) for file in arguments.file]
    return project, values


def read(stack: str, changes: Sequence[str] = ()) -> tuple[str, dict[str, object]]:
    """The project's name and the stack's config, as `stackfiles.read` has them. Raises UsageError."""
    try:
        return stackfiles.read(ROOT, stack, changes)
    except stackfiles.StackFileError as error:
        raise UsageError(str(error)) from None
