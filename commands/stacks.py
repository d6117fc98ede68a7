"""Which stack a subcommand is about: the options `--stack`, `--file` and `--set`, and the config that they give."""

import argparse
from pathlib import Path

import stackfiles

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the program and its Pulumi.yaml."""


class UsageError(Exception):
    """The command cannot be done as it was called; `str()` says what to change."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", default="dev", help="the stack whose Pulumi.<stack>.yaml is read (default: dev)")
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
    try:
        project, values = stackfiles.read(ROOT, arguments.stack, arguments.set)
    except stackfiles.StackFileError as error:
        raise UsageError(str(error)) from None
    if arguments.file:
        values[f"{project}:workload"] = [str(file.absolute()) for file in arguments.file]
    return project, values
