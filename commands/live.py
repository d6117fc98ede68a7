"""What `status`, `logs`, `exec` and `rollback` share: where the application is that they are about."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import stackfiles
from commands import stacks
from commands.stacks import UsageError
from live.base import Live
from stackconfig import nearest_of


def configure(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stack", default="dev", help="the stack that is up (default: dev)")
    where.add_argument("--local", action="store_true", help="what `switchyard run` runs on this machine, not a stack")


def configure_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", metavar="SERVICE", help="its name in the description")
    configure(parser)
    parser.add_argument(
        "--placement", help="where, if the service runs in several placements: ecs-fargate, eks-ec2 ..."
    )


def places(arguments: argparse.Namespace) -> Sequence[Live]:
    """Every placement, or the local run. Raises UsageError and LiveError."""
    if arguments.local:
        from live.local import LocalLive  # noqa: PLC0415 - each place is loaded only when it is asked

        return [LocalLive(Path("runs"))]
    from live.find import find  # noqa: PLC0415 - as above

    try:
        project, config = stackfiles.read(stacks.ROOT, arguments.stack)
    except stackfiles.StackFileError as error:
        raise UsageError(str(error)) from None
    return find(project, arguments.stack, str(config["aws:region"]), root=stacks.ROOT)


def place(arguments: argparse.Namespace) -> Live:
    """Where the service runs. Raises UsageError when it runs nowhere, or in several placements and none is named."""
    everywhere, service = places(arguments), arguments.service
    known = sorted({name for each in everywhere for name in each.services})
    if service not in known:
        near = nearest_of(service, known)
        raise UsageError(
            f"no service {service} runs; there are {', '.join(known)}" + (f"; nearest: {near}" if near else "")
        )
    found = {each.name: each for each in everywhere if service in each.services}
    if arguments.placement is None and len(found) == 1:
        return next(iter(found.values()))
    if arguments.placement not in found:
        raise UsageError(f"{service} runs in {' and '.join(found)}: say which, such as --placement {next(iter(found))}")
    return found[arguments.placement]
