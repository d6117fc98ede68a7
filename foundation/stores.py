"""Where a stack keeps data, and what a change of its settings would leave behind."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foundation.names import Names
from settings import Compute, Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Managed, Mount, Service, Workload

Texts = Mapping[str, Mapping[str, str]]
"""Stores by name, their fields as texts: what a state keeps of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One place that keeps data. `name` says whose, which and where, so that what moves gets another name; `dump` saves
    what is in it, `restore` puts into it what was saved elsewhere, each a command for a person.
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
                _volume(service, mount, placement, names, place)
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


def problems(workload: Workload, settings: Settings) -> Iterator[Problem | str]:
    """Losses that are acknowledged of what the stack keeps, as they would allow the next loss unasked; and services
    that would have other data on each of the placements, of which every client sees one.
    """
    kept = stores(workload, settings)
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


def losses(before: Texts, after: Texts, acknowledged: Collection[str], stack: str) -> list[str]:
    """What would be lost: each store of `before` that is in neither of the others, with the commands that save it, put
    it where its service keeps its data afterwards, and give it up.
    """
    losing = sorted(set(before) - {*after, *acknowledged})
    return [_loss(name, before, after, len(acknowledged) + number, stack) for number, name in enumerate(losing)]


def _loss(name: str, before: Texts, after: Texts, index: int, stack: str) -> str:
    store, service = before[name], name.partition("@")[0]
    restores = [new["restore"] for key, new in after.items() if key.partition("@")[0] == service]
    back = restores or [f"nowhere: this stack would keep nothing of {service} any more"]
    return "\n".join((
        f"{name} would be lost: {store['what']}.",
        f"    save it:      {store['dump']}",
        *(f"    put it back:  {each}" for each in back),
        f"    then give up the old one: pulumi config set --path 'lose[{index}]' {name} --stack {stack}",
    ))  # fmt: skip


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
        )
    identifier = names.of(service.name, limit=40)
    return Store(
        name=f"{service.name}@elasticache/{place}",
        what=f"the data of {service.name} in the ElastiCache group {identifier}",
        dump=(
            f"aws elasticache create-snapshot --region {region} --replication-group-id {identifier} "
            f"--snapshot-name {identifier}-moved"
        ),
        # AWS: "Restoring from a backup", Amazon ElastiCache user guide: into a new group alone.
        restore=(
            "have a group made of it for a while (aws elasticache create-replication-group --snapshot-name NAME, or "
            "--snapshot-arns of an .rdb file in S3) and pass its keys on by DUMP and RESTORE"
        ),
    )


def _volume(service: Service, mount: Mount, placement: Placement, names: Names, place: str) -> Store:
    managed, at_site = service.managed, placement.compute is Compute.DATACENTER
    if managed and managed.engine == "postgres":
        login = f"--username {managed.user} --dbname {managed.database}"
        file, save = f"{service.name}.dump", f"pg_dump {login} --format custom"
        load = f"pg_restore {login} --no-owner --clean --if-exists"
    else:
        file, save, load = f"{mount.source}.tar", f"tar -C {mount.target} -cf - .", f"tar -C {mount.target} -xf -"
    return Store(
        # A machine of a site keeps its volumes whatever cluster it joins; an EBS volume leaves neither region nor VPC.
        name="/".join((f"{service.name}@{placement.key}", str(mount.source), *(() if at_site else (place,)))),
        what=f"the volume {mount.source} of {service.name} on {placement.key}",
        dump=f"{_inside(service, placement, names)} {save} > {file}",
        restore=f"{_inside(service, placement, names, '--interactive ')} {load} < {file}",
    )


def _inside(service: Service, placement: Placement, names: Names, how: str = "") -> str:
    """Runs what follows in the service's container; at a site on the machine that keeps the volume."""
    if placement.orchestrator is Orchestrator.EKS:
        return f"kubectl --namespace {names.namespace} exec {how}statefulset/{service.name} --"
    label = f"com.amazonaws.ecs.container-name={service.name}"
    return f"docker exec {how}$(docker ps --quiet --filter label={label})"


def texts(found: Mapping[str, Store]) -> dict[str, dict[str, str]]:
    """The stores as a state keeps them."""
    fields = ("what", "dump", "restore")
    return {name: {field: getattr(store, field) for field in fields} for name, store in sorted(found.items())}


def refusal(losing: Sequence[str]) -> str:
    return "\n".join(("this change would leave data behind:", *losing))
