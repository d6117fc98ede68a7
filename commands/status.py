"""`switchyard status`: what runs of what should run, by the orchestrator's own word."""

import argparse
from collections.abc import Sequence

from commands import live
from live.base import Standing


def configure(parser: argparse.ArgumentParser) -> None:
    live.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when every service runs whole in its newest revision, 1 when one does not."""
    whole = True
    for place in live.places(arguments):
        standings = place.status()
        print(place.name)
        print("\n".join(table(standings)))
        whole = whole and all(standing.running >= standing.wanted and not standing.said for standing in standings)
    return 0 if whole else 1


def table(standings: Sequence[Standing]) -> list[str]:
    rows = [(s.service, f"{s.running}/{s.wanted}", s.revision, s.said) for s in standings]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(("", *(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))).rstrip() for row in rows
    ]
