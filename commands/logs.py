"""`switchyard logs SERVICE`: what all copies of a service wrote."""

import argparse
import re

from commands import live

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def configure(parser: argparse.ArgumentParser) -> None:
    live.configure_service(parser)
    parser.add_argument(
        "--since", type=_seconds, default=600, metavar="TIME", help="how far back: 90s, 10m (default), 2h, 1d"
    )
    parser.add_argument("--follow", action="store_true", help="go on until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    live.place(arguments).logs(arguments.service, seconds=arguments.since, follow=arguments.follow)
    return 0


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 10m, 2h or 1d")
    return int(found[1]) * SECONDS[found[2]]
