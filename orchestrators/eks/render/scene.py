"""What all manifests of one rendering share."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from foundation import site as sites
from foundation.names import Names
from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from settings import Compute, Placement, SiteSettings
from workload.model import Job, Service, Workload
from workload.text import Ref, Text

NAME_LABEL = "app.kubernetes.io/name"

PROPAGATION = 5
"""Seconds until every node's kube-proxy and every client's connection pool has heard that an address is gone."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One workload at one placement, without the services that are managed."""

    workload: Workload
    placement: Placement
    names: Names
    managed: Collection[str]
    spot: bool = False
    """Whether services that bear the loss of a machine may stand on Spot capacity."""
    site: SiteSettings = field(default_factory=SiteSettings)

    @property
    def fargate(self) -> bool:
        return self.placement.compute is Compute.FARGATE

    @property
    def datacenter(self) -> bool:
        return self.placement.compute is Compute.DATACENTER

    @property
    def proxied(self) -> bool:
        """Whether requests come by the proxy at the site's address, not from the load balancer to each pod."""
        return sites.proxied(self.placement, self.site)

    @property
    def own_controller(self) -> bool:
        """Whether the load-balancer controller comes from its own chart: Auto Mode alone brings one."""
        return self.placement.compute is not Compute.EC2 and not self.proxied

    @property
    def namespace(self) -> str:
        return self.names.namespace

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The services that run here."""
        return tuple(service for name, service in self.workload.services.items() if name not in self.managed)

    @cached_property
    def units(self) -> tuple[Service | Job, ...]:
        """The services and jobs that run here: each is one kind of pod."""
        return (*self.services, *self.workload.jobs.values())

    @cached_property
    def clients(self) -> dict[str, tuple[str, ...]]:
        """Per service the units that have a link to it, computed once for all."""
        found: dict[str, list[str]] = {name: [] for name in self.workload.services}
        for unit in self.units:
            for server in unit.links:
                found[server].append(unit.name)
        return {name: tuple(clients) for name, clients in found.items()}

    def interruptible(self, unit: Service | Job) -> bool:
        """Whether pods of the unit may go with two minutes' notice: other copies answer, and no disk hangs on them."""
        if not self.spot or not isinstance(unit, Service) or unit.stateful:
            return False
        return (unit.scaling.min if unit.scaling else unit.replicas) > 1

    def labels(self, unit: str) -> dict[str, str]:
        return {
            NAME_LABEL: object_name(unit),
            "app.kubernetes.io/part-of": object_name(self.workload.name),
            "app.kubernetes.io/managed-by": "switchyard",
        }

    def selector(self, unit: str) -> Document:
        return {"matchLabels": {NAME_LABEL: object_name(unit)}}

    def metadata(self, name: str | Text | Ref, unit: str | None = None) -> Document:
        """`metadata` of an object in the workload's namespace; `unit` is the service or job that it belongs to."""
        labels = self.labels(unit) if unit else {"app.kubernetes.io/managed-by": "switchyard"}
        return {"name": name, "namespace": self.namespace, "labels": labels}

    def text(self, text: Text) -> str | Text:
        """A text with the endpoint variables of the services that run here filled in; only managed ones stay open."""
        filled = text.replace(self._endpoint)
        return filled if any(True for _ in filled.refs()) else str(filled)

    def _endpoint(self, ref: Ref) -> str | Ref:
        unit, _, variable = ref.path.partition(".")
        service = self.workload.services.get(unit)
        if service is None or unit in self.managed:
            return ref
        match variable:
            case "host":
                return object_name(unit)
            case "port" if service.port:
                return str(service.port)
        return ref.default or ""


def secret_object(secret: str) -> Ref:
    """The name of the Kubernetes Secret that carries a workload secret.

    `up` puts the secret's version into it: pods that ask for a new version wait until it is there, and those of the
    old one keep theirs until they are gone.
    """
    return Ref(f"secret_object.{secret}", default=object_name(secret))


def config_object(name: str, content: bytes) -> str:
    """The name of the ConfigMap of one content: a changed config is a new object, so its clients roll."""
    return object_name(name, hashlib.sha256(content).hexdigest()[:8])
