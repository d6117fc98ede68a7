"""How services find each other on ECS: Service Connect between services, Cloud Map DNS for jobs.

Only tasks of ECS services get a Service Connect proxy (AWS: Service Connect considerations), so a job reaches a service
by a DNS name of a private namespace instead.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from foundation.names import Names
from settings import Compute, Placement
from workload.model import Container, Job, Service, Workload
from workload.text import Ref, Text

ENDPOINT = frozenset({"host", "port", "scheme", "sslmode"})


def dns_namespace(names: Names, placement: Placement) -> str:
    """The private DNS namespace in which jobs find services: by placement, as two of them may stand in one VPC."""
    return f"{names.cluster(placement.key)}.internal"


def port_name(service: Service, port: int) -> str:
    """The name of a port mapping: the service's own for its first port, so that it reads well in the console."""
    return service.name if port == service.port else f"{service.name}-{port}"


@dataclass(frozen=True, slots=True)
class Links:
    """The links between the units of a workload that run here, that is without `managed`."""

    workload: Workload
    names: Names
    managed: Collection[str] = ()
    _units: Mapping[str, Service | Job] = field(init=False, repr=False)
    _clients: Mapping[str, Collection[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Both directions once, so that a question about one service does not look at all."""
        units = self.workload.units
        clients: defaultdict[str, list[str]] = defaultdict(list)
        for name, unit in units.items():
            for service in unit.links:
                clients[service].append(name)
        object.__setattr__(self, "_units", units)
        object.__setattr__(self, "_clients", clients)

    def here(self, unit: str) -> tuple[str, ...]:
        """The services that run here and that `unit` calls."""
        known = self.workload.services
        return tuple(s for s in self._units[unit].links if s in known and s not in self.managed)

    def calls(self, unit: str) -> tuple[str, ...]:
        """Where the services that run here answer `unit`."""
        services = self.workload.services
        return tuple(f"{name}:{port}" for name in sorted(self.here(unit)) for port in services[name].container.listens)

    def connected(self, service: str) -> bool:
        """Whether the service takes part in Service Connect, as a client or because another service calls it."""
        return bool(self.here(service)) or self.called_by_services(service)

    def called_by_services(self, service: str) -> bool:
        return any(c in self.workload.services and c not in self.managed for c in self._clients.get(service, ()))

    def called_by_jobs(self, service: str) -> bool:
        return any(client in self.workload.jobs for client in self._clients.get(service, ()))

    @property
    def needs_dns(self) -> bool:
        """Whether any job calls a service that runs here."""
        return any(self.here(job) for job in self.workload.jobs)

    def speaks_http(self, service: str) -> bool:
        """Whether the description shows it: an ingress, or a client's scheme variable that defaults to `http`."""
        if self.workload.services[service].ingress:
            return True
        return any(
            ref.path == f"{service}.scheme" and ref.default == "http"
            for client in self._clients.get(service, ())
            for container in self._units[client].containers
            for text in texts(container)
            for ref in text.refs()
        )

    def address(self, unit: str, placement: Placement) -> Callable[[Ref], str | Ref]:
        """What each endpoint variable is for `unit`; those of managed services stay references to what AWS answers."""
        by_dns = unit in self.workload.jobs and placement.compute is not Compute.DATACENTER

        def value(ref: Ref) -> str | Ref:
            name, _, part = ref.path.rpartition(".")
            service = self.workload.services.get(name)
            if service is None or part not in ENDPOINT:
                return ref
            if name in self.managed:
                return Ref(ref.path)
            match part:
                case "host":
                    return f"{name}.{dns_namespace(self.names, placement)}" if by_dns else name
                case "port" if service.port is not None:
                    return str(service.port)
                case "scheme":
                    return ref.default or "http"
                case "sslmode":
                    return ref.default or "disable"
            return ref.default or ""

        return value


def texts(container: Container) -> Iterator[Text]:
    """Every text of the container that may hold references."""
    yield from container.environment.values()
    yield from container.command or ()
    yield from container.entrypoint or ()
    yield from container.healthcheck.test if container.healthcheck else ()
