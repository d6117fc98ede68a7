"""`switchyard logs SERVICE`: what all copies of a service wrote."""

import argparse
import re

from commands import live
from commands.stacks import UsageError

SINCE = 600
"""Seconds back where nobody says how far."""
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def configure(parser: argparse.ArgumentParser) -> None:
    live.configure_service(parser)
    parser.add_argument(
        "--since", type=_seconds, metavar="TIME", help="how far back, not with --local: 90s, 10m (default), 2h, 1d"
    )
    parser.add_argument("--follow", action="store_true", help="go on until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    if arguments.local and arguments.since:
        raise UsageError("the lines of a run on this machine have no time, so all are shown: leave --since out")
    live.place(arguments).logs(arguments.service, seconds=arguments.since or SINCE, follow=arguments.follow)
    return 0


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 10m, 2h or 1d")
    return int(found[1]) * SECONDS[found[2]]
