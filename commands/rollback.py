"""`switchyard rollback SERVICE`: back to the revision before, by the orchestrator itself; the program is not asked."""

import argparse

from commands import live


def configure(parser: argparse.ArgumentParser) -> None:
    live.configure_service(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 once the orchestrator is on its way."""
    print(live.place(arguments).rollback(arguments.service))
    print(
        "It stays there until an `up` brings the service something new. Pulumi does not know of it:\n"
        f"    switchyard status --stack {arguments.stack}       how far it is\n"
        f"    pulumi up --refresh --stack {arguments.stack}     forward again, to what the program says"
    )
    return 0
