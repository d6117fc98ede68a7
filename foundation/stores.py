"""Where a stack keeps data, and what a change of its settings would leave behind."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foundation.cachekeys import load, save
from foundation.names import Names
from settings import Compute, Orchestrator, Placement, Settings
from workload.errors import Problem
from workload.model import Managed, Mount, Service, Workload

Texts = Mapping[str, Mapping[str, str]]
"""Stores by name, their fields as texts: what a state keeps of them."""


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
    kept = _kept(texts(stores(workload, settings)))
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


def given_up(recorded: Texts, earlier: Texts, after: Texts) -> dict[str, dict[str, str]]:
    """What of the `recorded` stores, and of those that were given up `earlier`, the stack does not keep: whole stores,
    and the part of one that would not last. Nobody knows whether the `up` that gave something up came to its end, so
    it counts until it is kept again.
    """
    kept = _kept(after)
    left = {name: {"what": what, "dump": recorded[store]["dump"]} for name, what, store in _left(recorded, after)}
    return {name: dict(store) for name, store in {**earlier, **left}.items() if name not in kept}


def losses(lost: Texts, earlier: Texts, after: Texts, acknowledged: Collection[str], stack: str) -> list[str]:
    """A text for each of what is given up but not `acknowledged`, with the commands that save it, put it where its
    service keeps its data afterwards, and give it up; `earlier` is what an `up` before gave up.
    """
    losing = sorted(set(lost) - set(acknowledged))
    return [
        _loss(name, lost[name], after, again=name in earlier, give_up=f"'lose[{number}]' {name} --stack {stack}")
        for number, name in enumerate(losing, start=len(acknowledged))
    ]


def _left(before: Texts, after: Texts) -> Iterator[tuple[str, str, str]]:
    """Name and description of what does not last, and the store that it is of."""
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            yield name, old["what"], name
            continue
        for zone in old.get("zones", "").split():
            if zone not in new.get("zones", "").split():
                why = "no disk leaves its zone, so its pod would stay pending until its claim is deleted"
                yield _part(name, zone), f"{old['what']}, if it lies in {zone}, which goes: {why}", name
        if _anew(old.get("runs", ""), new.get("runs", "")):
            why = f"AWS makes no {new['runs']} of {old['runs']} but a new group"
            yield _part(name, old["runs"]), f"{old['what']}, as {why}", name


def _kept(found: Texts) -> set[str]:
    """The names of the stores, and of what of each can be lost by itself."""
    parts = {name: [*store.get("zones", "").split(), store.get("runs", "")] for name, store in found.items()}
    return {*found, *(_part(name, part) for name, of_it in parts.items() for part in of_it if part)}


def _part(name: str, part: str) -> str:
    return f"{name}/{part.replace(' ', '-')}"


def _anew(old: str, new: str) -> bool:
    """ElastiCache turns Redis into Valkey, and either into a newer version, and nothing back (AWS: "Engine versions and
    upgrading", Amazon ElastiCache user guide).
    """
    if not old or not new or old.startswith("postgres"):
        return False
    return (old.split(maxsplit=1)[0], new.split(maxsplit=1)[0]) == ("valkey", "redis") or _version(new) < _version(old)


def _version(runs: str) -> tuple[int, ...]:
    return tuple(int(part) for part in runs.split()[1].split("."))


def backward(before: Texts, after: Texts) -> list[str]:
    """The databases that would run an older version, which RDS makes of none: such an `up` would end halfway."""
    return [
        f"{name} runs {old['runs']}, and RDS goes back to no {after[name]['runs']} (AWS: ModifyDBInstance). Keep the "
        "version in x-managed, or name another database there: that is another instance, to put back what was saved"
        for name, old in sorted(before.items())
        if name in after
        and old.get("runs", "").startswith("postgres")
        and _version(after[name]["runs"]) < _version(old["runs"])
    ]


def _loss(name: str, store: Mapping[str, str], after: Texts, *, again: bool, give_up: str) -> str:
    service = name.partition("@")[0]
    restores = [new["restore"] for key, new in after.items() if key.partition("@")[0] == service]
    back = restores or [f"nowhere: this stack would keep nothing of {service} any more"]
    would = "was given up before, and would be lost now if that `up` ended halfway" if again else "would be lost"
    return "\n".join((
        f"{name} {would}: {store['what']}.",
        f"    save it:      {store['dump']}",
        *(f"    put it back:  {each}" for each in back),
        f"    then give up the old one: pulumi config set --path {give_up}",
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


def refusal(losing: Sequence[str]) -> str:
    return "\n".join(("this change would leave data behind:", *losing))
