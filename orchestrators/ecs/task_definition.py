"""The task definition of one service or job, in the shape of `aws ecs register-task-definition --cli-input-json`."""

from orchestrators.capabilities import elsewhere
from orchestrators.documents import Document
from orchestrators.ecs.anywhere.task import at_site, machine
from orchestrators.ecs.container_definition import container_definition, volume_name
from orchestrators.ecs.links import Links, port_name
from orchestrators.ecs.sizes import exact_size, gibibytes, task_size
from orchestrators.fargate import Size
from settings import Compute, Orchestrator, Placement
from workload.errors import DescriptionError, Problem
from workload.model import Container, Job, Service
from workload.text import Ref

DISK = 20
"""GiB that a task on Fargate has without being asked, and for which there is no request (AWS: EphemeralStorage)."""


def family(links: Links, placement: Placement, unit: str) -> str:
    """The task definition's family (AWS: at most 255 letters, digits, hyphens and underscores)."""
    return links.names.of(placement.key, unit, limit=255)


def task_definition(unit: Service | Job, placement: Placement, links: Links) -> Document:
    """The canonical document: the same unit gives the same bytes; what only the cloud knows stays a reference."""
    compute = COMPUTES[placement.compute](unit, links)
    fill = links.address(unit.name, placement)
    calls = links.calls(unit.name) if isinstance(unit, Service) and placement.compute is not Compute.DATACENTER else ()
    siblings = {container.name for container in unit.containers}
    containers = [
        container_definition(
            container,
            main=container is unit.container,
            siblings=siblings,
            ports=_port_mappings(unit, container, links),
            calls=calls if container is unit.container else (),
            memory=int(compute["memory"]),
            log_group=links.names.log_group(placement.key, unit.name),
            fill=fill,
        )
        for container in unit.containers
    ]
    volumes = {volume_name(container, mount) for container in unit.containers for mount in container.volumes}
    document: Document = {
        "family": family(links, placement, unit.name),
        "executionRoleArn": Ref(f"role.{unit.name}.execution"),
        "taskRoleArn": Ref(f"role.{unit.name}.task"),
        "containerDefinitions": containers,
        "volumes": [{"name": name} for name in sorted(volumes)],
        **compute,
    }
    return at_site(document, unit, links) if placement.compute is Compute.DATACENTER else document


def _fargate(unit: Service | Job, links: Links) -> Document:
    proxied = isinstance(unit, Service) and links.connected(unit.name)
    task = task_size(unit, proxied=proxied)
    if task.size is None:
        here = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
        other = elsewhere(links.workload, here, links.managed)
        raise DescriptionError([Problem(unit.container.at, f"{unit.name}: {task.reason}. Ask for less{other}.")])
    disk = gibibytes(unit.storage or 0)
    return {
        "requiresCompatibilities": ["FARGATE"],
        **_machine(unit, task.size),
        **({"ephemeralStorage": {"sizeInGiB": disk}} if disk > DISK else {}),
    }


def _ec2(unit: Service | Job, links: Links) -> Document:
    """No rounding: what one task leaves of an instance, another takes."""
    proxied = isinstance(unit, Service) and links.connected(unit.name)
    return {"requiresCompatibilities": ["EC2"], **_machine(unit, exact_size(unit, proxied=proxied))}


_ARCHITECTURES = {"amd64": "X86_64", "arm64": "ARM64"}  # AWS: RuntimePlatform, Amazon ECS API reference


def _machine(unit: Service | Job, size: Size) -> Document:
    return {
        "networkMode": "awsvpc",
        "cpu": str(size.cpu),
        "memory": str(size.memory),
        "runtimePlatform": {
            "cpuArchitecture": _ARCHITECTURES[unit.container.architecture],
            "operatingSystemFamily": "LINUX",
        },
    }


def _datacenter(unit: Service | Job, _links: Links) -> Document:
    return machine(unit)


COMPUTES = {Compute.FARGATE: _fargate, Compute.EC2: _ec2, Compute.DATACENTER: _datacenter}
"""What each kind of machine adds to a task definition."""


def _port_mappings(unit: Service | Job, container: Container, links: Links) -> list[Document]:
    mappings: list[Document] = []
    for port in container.listens:
        mapping: Document = {"containerPort": port, "hostPort": port, "protocol": "tcp"}
        if isinstance(unit, Service) and container is unit.container:
            mapping["name"] = port_name(unit, port)
            if links.speaks_http(unit.name):
                mapping["appProtocol"] = "http"
        mappings.append(mapping)
    udp = sorted({port.target for port in container.ports if port.protocol == "udp"})
    return [*mappings, *({"containerPort": port, "hostPort": port, "protocol": "udp"} for port in udp)]
