"""What a task definition says on machines of one's own, beside what it says everywhere."""

from orchestrators.documents import Document
from orchestrators.ecs.anywhere.attributes import attribute
from orchestrators.ecs.anywhere.volumes import kept_volumes
from orchestrators.ecs.links import Links
from orchestrators.ecs.sizes import exact_size
from workload.model import Job, Service
from workload.text import Ref

ADDRESS = Ref("site.address")
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}  # AWS: attributes of container instances, ECS developer guide


def machine(unit: Service | Job) -> Document:
    """The part that other kinds of machine have as well: no rounding, a bridge on the machine, and which machine."""
    size = exact_size(unit, proxied=False)
    wanted = [
        f"attribute:ecs.cpu-architecture == {_ARCHITECTURES[unit.container.architecture]}",
        *(f"attribute:{attribute(volume)} exists" for volume in kept_volumes(unit)),
    ]
    return {
        "requiresCompatibilities": ["EXTERNAL"],
        "networkMode": "bridge",
        "cpu": str(size.cpu),
        "memory": str(size.memory),
        "placementConstraints": [{"type": "memberOf", "expression": expression} for expression in wanted],
    }


def at_site(document: Document, unit: Service | Job, links: Links) -> Document:
    """The task definition with the names of the services that it calls, and with volumes that outlive the task."""
    called = [name for name in links.here(unit.name) if links.workload.services[name].port is not None]
    hosts = [{"hostname": name, "ipAddress": ADDRESS} for name in sorted(called)]
    kept = kept_volumes(unit)
    return {
        **document,
        "containerDefinitions": [
            {**container, "extraHosts": hosts, "portMappings": _ports(unit, container["portMappings"])}
            for container in document["containerDefinitions"]
        ],
        "volumes": [
            {**volume, "dockerVolumeConfiguration": _KEPT} if volume["name"] in kept else volume
            for volume in document["volumes"]
        ],
    }


_KEPT: Document = {"scope": "shared", "autoprovision": True, "driver": "local", "driverOpts": {}, "labels": {}}
"""A Docker volume that stays when the task ends (AWS: DockerVolumeConfiguration)."""


def _ports(unit: Service | Job, mappings: list[Document]) -> list[Document]:
    """Nobody calls a job, so its ports are any free ones of the machine."""
    return [{**mapping, "hostPort": 0} for mapping in mappings] if isinstance(unit, Job) else mappings
