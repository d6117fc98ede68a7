"""Where a stack keeps data, and what a change of its settings would leave behind."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foundation.names import Names
from settings import Compute, Orchestrator, Placement, Settings
from workload.model import Managed, Mount, Service, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One place that keeps data. `name` says which data and where, so that what moves gets another name; `dump` saves
    it, `restore` puts it back, each a command for a person.
    """

    name: str
    what: str
    dump: str
    restore: str


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
                _volume(service, mount, placement, names)
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


def problems(workload: Workload, settings: Settings) -> Iterator[str]:
    """Losses that are acknowledged of what the stack keeps: they would allow the next loss unasked."""
    kept = stores(workload, settings)
    for index, name in enumerate(settings.lose):
        if name in kept:
            yield (
                f"lose names {name}, which this stack keeps; only what it no longer keeps can be given up. "
                f"Repair: pulumi config rm --path 'lose[{index}]' --stack {settings.stack}"
            )


def losses(
    before: Mapping[str, Mapping[str, str]], after: Collection[str], acknowledged: Collection[str], stack: str
) -> list[str]:
    """What would be lost: each store of `before` (its texts by field) that is in neither of the others, with the
    commands that save it and the one that gives it up.
    """
    losing = sorted(set(before) - {*after, *acknowledged})
    return [
        _loss(name, before[name], f"pulumi config set --path 'lose[{index}]' {name} --stack {stack}")
        for index, name in enumerate(losing, len(acknowledged))
    ]


def _loss(name: str, store: Mapping[str, str], give_up: str) -> str:
    return "\n".join((
        f"{name} would be lost: {store['what']}.",
        f"    save it:      {store['dump']}",
        f"    put it back:  {store['restore']}",
        f"    then give up the old one: {give_up}",
    ))  # fmt: skip


def _managed(service: Service, managed: Managed, names: Names, place: str) -> Store:
    identifier, region = names.of(service.name), place.partition("/")[0]
    if managed.engine == "postgres":
        # Another database or user is another RDS instance (AWS: CreateDBInstance; neither can be modified).
        name = f"{service.name}@rds/{managed.database}/{managed.user}/{place}"
        host = (
            f"$(aws rds describe-db-instances --region {region} --db-instance-identifier {identifier} "
            "--query 'DBInstances[0].Endpoint.Address' --output text)"
        )
        login = f'"host={host} user={managed.user} dbname={managed.database} sslmode=require"'
        return Store(
            name=name,
            what=f"the database {managed.database} of {service.name} in the RDS instance {identifier}",
            dump=f"pg_dump --format custom --file {service.name}.dump {login}  (from inside of the VPC)",
            restore=f"pg_restore --no-owner --dbname {_NEW_DATABASE} {service.name}.dump",
        )
    identifier = names.of(service.name, limit=40)
    return Store(
        name=f"{service.name}@elasticache/{place}",
        what=f"the data of {service.name} in the ElastiCache group {identifier}",
        dump=(
            f"aws elasticache create-snapshot --region {region} --replication-group-id {identifier} "
            f"--snapshot-name {identifier}-moved"
        ),
        restore=(
            f"aws elasticache copy-snapshot --region {region} --source-snapshot-name {identifier}-moved "
            f"--target-snapshot-name {service.name} --target-bucket BUCKET  (start the new one from its file)"
        ),
    )


_NEW_DATABASE = '"host=NEW_HOST user=USER dbname=DATABASE sslmode=require"'


def _volume(service: Service, mount: Mount, placement: Placement, names: Names) -> Store:
    managed, inside = service.managed, _inside(service, placement, names)
    dump = f"{inside} tar -C {mount.target} -cf - . > {service.name}.tar"
    restore = f"tar -xf {service.name}.tar  (into the new volume of {service.name})"
    if managed and managed.engine == "postgres":
        login = f"--username {managed.user} --dbname {managed.database}"
        dump = f"{inside} pg_dump {login} --format custom > {service.name}.dump"
        restore = f"pg_restore --no-owner --dbname {_NEW_DATABASE} {service.name}.dump"
    return Store(
        name=f"{service.name}@{placement.key}/{mount.source}",
        what=f"the volume {mount.source} of {service.name} on {placement.key}",
        dump=dump,
        restore=restore,
    )


def _inside(service: Service, placement: Placement, names: Names) -> str:
    """Runs what follows in the service's container; at a site on the machine that keeps the volume."""
    if placement.orchestrator is Orchestrator.EKS:
        return f"kubectl --namespace {names.namespace} exec statefulset/{service.name} --"
    label = f"com.amazonaws.ecs.container-name={service.name}"
    return f"docker exec $(docker ps --quiet --filter label={label})"


def texts(found: Mapping[str, Store]) -> dict[str, dict[str, str]]:
    """The stores as a state keeps them."""
    return {name: {"what": s.what, "dump": s.dump, "restore": s.restore} for name, s in sorted(found.items())}


def refusal(losing: Sequence[str]) -> str:
    return "\n".join(("this change would leave data behind:", *losing))
