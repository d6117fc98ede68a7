"""What the machines of a site open connections to: the list that its firewall needs."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from foundation.engines import engine
from foundation.references import Copy, containers
from workload.model import Workload

_SERVICES = {
    "ecs-a-*": "Amazon ECS tells its agent what to run",
    "ecs-t-*": "metrics of tasks and containers",
    "ecs": "Amazon ECS",
    "ssm": "AWS Systems Manager registers the machine and renews its credentials",
    "ec2messages": "AWS Systems Manager and its agent",
    "ssmmessages": "AWS Systems Manager and its agent",
    "api.ecr": "Amazon ECR gives the way to an image",
    "*.dkr.ecr": "Amazon ECR",
    "logs": "Amazon CloudWatch Logs",
}
"""By the first part of the host's name (AWS: Amazon ECS clusters for external instances, networking; ECR endpoints)."""

_INSTALL = {
    "amazon-ecs-agent.s3.amazonaws.com": "the install script of ECS Anywhere",
    "raw.githubusercontent.com": "the key by which that script checks the agents",
    "download.docker.com": "Docker, where the machine has none",
}
"""While a machine joins; the packages of its distribution come from where it always takes them."""

_DOCKER_HUB = ("registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Way:
    """One destination: a host (`*` stands for any name), or a network, with the TCP port and the reason."""

    to: str
    port: int
    why: str

    def __str__(self) -> str:
        return f"{self.to}:{self.port}  {self.why}"


def egress(
    workload: Workload, managed: Collection[str], *, region: str, vpc: str, elsewhere: Sequence[Copy]
) -> list[Way]:
    """Every destination of the agents, of Docker and of managed data; what an application calls besides is its own.
    `elsewhere` are the images that no repository of Amazon ECR holds.
    """
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    hosts = {f"{service}.{region}.{domain}": why for service, why in _SERVICES.items()}
    # Layers of images in ECR, and the agents' packages.
    hosts[f"prod-{region}-starport-layer-bucket.s3.{region}.{domain}"] = "the layers of images in Amazon ECR"
    hosts[f"s3.{region}.{domain}"] = "the agents' packages, while a machine joins"
    if any(container.secrets for container in containers(workload, managed)):
        hosts[f"secretsmanager.{region}.{domain}"] = "the values of secrets, when a task starts"
    hosts |= {host: f"{why}, while a machine joins" for host, why in _INSTALL.items()}
    hosts |= dict(_public_images(elsewhere))
    data = (service for name, service in workload.services.items() if name in managed)
    return [
        *(Way(to=host, port=443, why=why) for host, why in hosts.items()),
        *(Way(to=vpc, port=engine(s.managed).port, why=f"{s.name}, over the VPN") for s in data if s.managed),
    ]


def _public_images(images: Sequence[Copy]) -> Iterator[tuple[str, str]]:
    for image in images:
        why = f"the image of {', '.join(image.containers)}"
        if image.registry == "docker.io":
            yield from ((host, why) for host in _DOCKER_HUB)
        else:
            yield image.registry, why
