"""What `status`, `logs`, `exec` and `rollback` share: where the application is that they are about."""

import argparse
from collections.abc import Sequence
from pathlib import Path

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

    project, config = stacks.read(arguments.stack)
    return find(project, arguments.stack, str(config["aws:region"]), root=stacks.ROOT)


def place(arguments: argparse.Namespace) -> Live:
    """Where the service runs. Raises UsageError when it does not run there, or when none of several is named."""
    everywhere, service = places(arguments), arguments.service
    known = sorted({name for each in everywhere for name in each.services})
    if service not in known:
        near = nearest_of(service, known)
        raise UsageError(
            _managed(arguments)
            or f"no service {service} runs; there are {', '.join(known)}" + (f"; nearest: {near}" if near else "")
        )
    found = {each.name: each for each in everywhere if service in each.services}
    if arguments.placement in found:
        return found[arguments.placement]
    where = " and ".join(found)
    if arguments.placement is not None:
        raise UsageError(f"{service} does not run in {arguments.placement}; it runs in {where}")
    if len(found) > 1:
        raise UsageError(f"{service} runs in {where}: say which, such as --placement {next(iter(found))}")
    return found[next(iter(found))]


def _managed(arguments: argparse.Namespace) -> str | None:
    """What to say of a service that a managed one of AWS's replaces."""
    if arguments.local:
        return None
    project, config = stacks.read(arguments.stack)
    managed = config.get(f"{project}:managed")
    if not isinstance(managed, list) or arguments.service not in managed:
        return None
    return f"AWS runs {arguments.service} in this stack (`managed`): see the console of RDS or ElastiCache"
