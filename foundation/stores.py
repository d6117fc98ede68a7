"""Where a stack keeps data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from foundation.cachekeys import load, save
from foundation.losses import parts
from foundation.names import Names
from settings import Compute, Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Managed, Mount, Service, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One place that keeps data. `name` says whose, which and where, so that what moves gets another name; `dump` saves
    what is in it, `restore` puts into it what was saved elsewhere, each a command for a person. `runs` is the managed
    engine with its version, `zones` are those in which a part of it may lie.
    """

    name: str
    what: str
    dump: str
    restore: str
    runs: str = ""
    zones: tuple[str, ...] = ()


def stores(workload: Workload, settings: Settings) -> dict[str, Store]:
    """Every place of the stack whose data may not be lost, by name. `x-ephemeral` services have none."""
    names, place = Names(settings.project, settings.stack), _place(settings)
    found: list[Store] = []
    for service in workload.services.values():
        if service.ephemeral:
            continue
        if service.managed and service.name in settings.managed:
            found.append(_managed(service, service.managed, names, place))
        elif service.stateful:
            found += [
                _volume(service, mount, placement, names, place=place, zones=_zones(settings))
                for placement in settings.placements
                if placement.orchestrator is Orchestrator.EKS or placement.compute is Compute.DATACENTER
                for container in service.containers
                for mount in container.volumes
                if mount.type == "volume" and mount.source
            ]
    return {store.name: store for store in found}


def _place(settings: Settings) -> str:
    """Region and VPC, neither of which data can leave."""
    return f"{settings.region}/{settings.network.vpc or settings.network.cidr}"


def _zones(settings: Settings) -> tuple[str, ...]:
    """Those of the private subnets. A disk leaves its zone as little as its region."""
    network = settings.network
    return network.private if network.vpc else tuple(f"zone-{number}" for number in range(1, network.zones + 1))


def problems(workload: Workload, settings: Settings) -> Iterator[Problem | str]:
    """Losses that are acknowledged of what the stack keeps, as they would allow the next loss unasked; and services
    that would have other data on each of the placements, of which every client sees one.
    """
    kept = parts(texts(stores(workload, settings)))
    for index, name in enumerate(settings.lose):
        if name in kept:
            yield (
                f"lose names {name}, which this stack keeps; only what it no longer keeps can be given up. "
                f"Repair: pulumi config rm --path 'lose[{index}]' --stack {settings.stack}"
            )
    places = " and ".join(placement.key for placement in settings.placements)
    for service in workload.services.values():
        if len(settings.placements) > 1 and service.stateful and service.name not in settings.managed:
            manage = f"`managed: [{service.name}]`" if service.managed else "`x-managed` and `managed`"
            yield Problem(
                service.container.at,
                f"{service.name} keeps data in a volume, and would keep other data on each of {places}. "
                f"Let both share it by {manage}, or say `x-ephemeral: true` if the data may differ and be lost.",
            )


def _managed(service: Service, managed: Managed, names: Names, place: str) -> Store:
    identifier, region = names.of(service.name), place.partition("/")[0]
    if managed.engine == "postgres":
        # Another database or user is another RDS instance (AWS: CreateDBInstance; neither can be modified).
        host = (
            f"$(aws rds describe-db-instances --region {region} --db-instance-identifier {identifier} "
            "--query 'DBInstances[0].Endpoint.Address' --output text)"
        )
        login = f'"host={host} user={managed.user} dbname={managed.database} sslmode=require"'
        return Store(
            name=f"{service.name}@rds/{managed.database}/{managed.user}/{place}",
            what=f"the database {managed.database} of {service.name} in the RDS instance {identifier}",
            dump=f"pg_dump --format custom --file {service.name}.dump {login}  (from inside of the VPC)",
            restore=f"pg_restore --no-owner --dbname {login} {service.name}.dump  (from inside of the VPC)",
            runs=f"{managed.engine} {managed.version}",
        )
    identifier = names.of(service.name, limit=40)
    host = (
        f"$(aws elasticache describe-replication-groups --region {region} --replication-group-id {identifier} "
        "--query 'ReplicationGroups[0].NodeGroups[0].PrimaryEndpoint.Address' --output text)"
    )
    client = f"{managed.engine}-cli --tls -h $host"
    where = f"from inside of the VPC{', its password in REDISCLI_AUTH' if managed.password else ''}"
    return Store(
        name=f"{service.name}@elasticache/{place}",
        what=f"the data of {service.name} in the ElastiCache group {identifier}",
        dump=f"host={host}; {save(client)} > {service.name}.dump  ({where})",
        restore=f"host={host}; {load(client)} < {service.name}.dump  ({where})",
        runs=f"{managed.engine} {managed.version}",
    )


def _volume(
    service: Service, mount: Mount, placement: Placement, names: Names, *, place: str, zones: tuple[str, ...]
) -> Store:
    managed, at_site = service.managed, placement.compute is Compute.DATACENTER
    if managed and managed.engine == "postgres":
        login = f"--username {managed.user} --dbname {managed.database}"
        file, dump = f"{service.name}.dump", f"pg_dump {login} --format custom"
        restore = f"pg_restore {login} --no-owner --clean --if-exists"
    elif managed:
        client, file = f"{managed.engine}-cli", f"{service.name}.dump"
        dump, restore = f"sh -c '{save(client)}'", f"sh -c '{load(client)}'"
    else:
        file, dump, restore = f"{mount.source}.tar", f"tar -C {mount.target} -cf - .", f"tar -C {mount.target} -xf -"
    return Store(
        # A machine of a site keeps its volumes whatever cluster it joins; an EBS volume leaves neither region nor VPC.
        name="/".join((f"{service.name}@{placement.key}", str(mount.source), *(() if at_site else (place,)))),
        what=f"the volume {mount.source} of {service.name} on {placement.key}",
        dump=f"{_inside(service, placement, names)} {dump} > {file}",
        restore=f"{_inside(service, placement, names, '--interactive ')} {restore} < {file}",
        zones=() if at_site else zones,
    )


def _inside(service: Service, placement: Placement, names: Names, how: str = "") -> str:
    """Runs what follows in the service's container; at a site on the machine that keeps the volume."""
    if placement.orchestrator is Orchestrator.EKS:
        return f"kubectl --namespace {names.namespace} exec {how}statefulset/{service.name} --"
    label = f"com.amazonaws.ecs.container-name={service.name}"
    return f"docker exec {how}$(docker ps --quiet --filter label={label})"


def texts(found: Mapping[str, Store]) -> dict[str, dict[str, str]]:
    """The stores as a state keeps them."""
    return {
        name: {
            "what": store.what,
            "dump": store.dump,
            "restore": store.restore,
            **({"runs": store.runs} if store.runs else {}),
            **({"zones": " ".join(store.zones)} if store.zones else {}),
        }
        for name, store in sorted(found.items())
    }
