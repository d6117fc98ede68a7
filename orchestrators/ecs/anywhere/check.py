"""What machines of one's own cannot do with these settings, each with its repair."""

from collections.abc import Iterator

from orchestrators.capabilities import elsewhere
from orchestrators.ecs.anywhere.tasks import least, most
from settings import Compute, Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Service, Workload

RESERVED = {22: "SSH", 2375: "Docker", 2376: "Docker", **dict.fromkeys(range(51678, 51681), "the ECS agent")}
"""Ports that the machine itself holds (AWS: PortMapping, hostPort)."""

_HERE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.DATACENTER)


def problems(workload: Workload, settings: Settings) -> Iterator[Problem]:
    """Every reason."""
    here = [service for name, service in workload.services.items() if name not in settings.managed]
    other = elsewhere(workload, _HERE, settings.managed)
    yield from _ports(here, other)
    for service in here:
        yield from _machines(service, settings, other)
    if settings.ecs.spot:
        yield Problem(
            None,
            "ecs.spot: machines of one's own have no Spot capacity. Repair: pulumi config set --path ecs.spot 0 "
            f"--stack {settings.stack}, or use the placement ecs-fargate or ecs-ec2.",
        )


def _ports(services: list[Service], other: str) -> Iterator[Problem]:
    holders: dict[int, str] = {}
    for service in services:
        for port in service.container.listens:
            if port in RESERVED:
                yield Problem(
                    service.container.at,
                    f"{service.name} listens on port {port}, which {RESERVED[port]} holds on every machine of the "
                    f"site. Give it another port{other}.",
                )
            holder = holders.setdefault(port, service.name)
            if holder != service.name:
                yield Problem(
                    service.container.at,
                    f"{holder} and {service.name} both listen on port {port}, and the site's address holds each port "
                    f"once. Give one of them another port{other}.",
                )


def _machines(service: Service, settings: Settings, other: str) -> Iterator[Problem]:
    wanted, machines = least(service), settings.site.machines
    if wanted <= most(service, machines):
        return
    if service.stateful:
        yield Problem(
            service.container.at,
            f"{service.name} keeps data in a volume of one machine and wants {wanted} tasks, which would all write to "
            "it. Set `deploy.replicas` to 1.",
        )
        return
    first = service.update.order == "start-first"
    yield Problem(
        service.container.at,
        f"{service.name} wants {wanted} tasks, each on a machine of its own"
        f"{', and one machine free for a new version' if first else ''}; site.machines is {machines}. "
        f"Repair: pulumi config set --path site.machines {wanted + first} --stack {settings.stack}"
        f"{', or `deploy.update_config: {order: stop-first}`' if first else ''}{other}.",
    )
