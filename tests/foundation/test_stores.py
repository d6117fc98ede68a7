"""What keeps data, and which changes would leave some behind."""

import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from foundation.cachekeys import load, save
from foundation.keeper import Keeper, KeeperArgs, _KeeperProvider
from foundation.losses import Texts, backward, given_up, losses
from foundation.stores import problems, stores, texts
from settings import Compute, NetworkSettings, Orchestrator, Placement, Settings, Size
from tests.foundation.portal import container, portal
from tests.support.pulumi_run import run
from workload.model import Managed, Mount, Workload

ECS = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
OTHER_VPC = {"network": NetworkSettings(vpc="vpc-0123456789abcdef0")}
THREE = NetworkSettings(zones=3)
OTHER_RANGE = {"network": NetworkSettings(cidr="10.1.0.0/16")}
EKS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)
SITES = tuple(Placement(orchestrator=each, compute=Compute.DATACENTER) for each in Orchestrator)


def described() -> Workload:
    """The sample, whose database has a volume where it runs in a container."""
    db = portal().services["db"]
    mount = Mount(type="volume", source="db", target="/var/lib/postgresql/data")
    return portal(db=replace(db, container=container("db", image="postgres:17", volumes=(mount,))))


def settings(placement: Placement, *managed: str, lose: tuple[str, ...] = ()) -> Settings:
    return Settings(
        project="portal", stack="test", region="eu-central-1", placements=(placement,), managed=managed, lose=lose
    )


def names(placement: Placement, *managed: str) -> list[str]:
    return list(stores(described(), settings(placement, *managed)))


def refused(kept: Texts, then: Texts, acknowledged: Collection[str]) -> list[str]:
    """Why a stack that kept the first may not keep the second."""
    return losses(given_up(kept, {}, then), {}, then, acknowledged, "test")


def lost(before: Settings, after: Settings, *acknowledged: str) -> list[str]:
    """What a change of the settings would lose of the sample."""
    kept, then = (texts(stores(described(), each)) for each in (before, after))
    return refused(kept, then, acknowledged)


def test_a_managed_database_is_a_store_and_an_ephemeral_cache_is_none() -> None:
    assert names(ECS, "db", "cache") == ["db@rds/portal/portal/eu-central-1/10.0.0.0/16"]


def test_a_volume_is_a_store_of_its_placement() -> None:
    assert names(EKS) == ["db@eks-ec2/db/eu-central-1/10.0.0.0/16"]


def test_a_volume_of_a_site_stays_there_whatever_the_cluster_in_the_cloud_is() -> None:
    assert [names(each) for each in SITES] == [["db@ecs-datacenter/db"], ["db@eks-datacenter/db"]]


DATABASE, DISK = "db@rds/portal/portal/eu-central-1/10.0.0.0/16", "db@eks-ec2/db/eu-central-1/10.0.0.0/16"
VPC = "vpc-0123456789abcdef0"


def inside(*private: str) -> Settings:
    """On EKS with these private subnets of a VPC that exists."""
    subnets = tuple(f"subnet-{letter * 8}" for letter in private)
    return replace(settings(EKS), network=NetworkSettings(vpc=VPC, private=subnets))


FLIPS: list[tuple[str, Settings, Settings, list[str]]] = [
    ("the orchestrator, database managed", settings(ECS, "db"), settings(EKS, "db"), []),
    ("the machines, database managed", settings(ECS, "db"), settings(SITES[0], "db"), []),
    ("to managed", settings(EKS), settings(EKS, "db"), [DISK]),
    ("from managed", settings(EKS, "db"), settings(EKS), [DATABASE]),
    ("from managed, with the orchestrator", settings(ECS, "db"), settings(EKS), [DATABASE]),
    ("to the site", settings(EKS), settings(SITES[1]), [DISK]),
    ("the orchestrator at the site", settings(SITES[1]), settings(SITES[0]), ["db@eks-datacenter/db"]),
    *(
        (f"{what}, {where}", before, replace(before, **changed), [store])
        for what, changed in (("region", {"region": "us-east-1"}), ("range", OTHER_RANGE), ("VPC", OTHER_VPC))
        for where, before, store in (("managed", settings(ECS, "db"), DATABASE), ("on a disk", settings(EKS), DISK))
    ),
    ("region, at the site", settings(SITES[1]), replace(settings(SITES[1]), region="us-east-1"), []),
    ("to a third zone", settings(EKS), replace(settings(EKS), network=THREE), []),
    ("from a third zone", replace(settings(EKS), network=THREE), settings(EKS), [f"{DISK}/zone-3"]),
    (
        "from a third zone, managed",
        replace(settings(ECS, "db"), network=THREE),
        settings(ECS, "db"),
        [],
    ),
    ("to other subnets", inside("a", "b"), inside("a", "c"), [f"db@eks-ec2/db/eu-central-1/{VPC}/subnet-{'b' * 8}"]),
    ("the way out", settings(EKS), replace(settings(EKS), network=NetworkSettings(egress="nat-per-zone")), []),
    ("size", settings(ECS, "db"), replace(settings(ECS, "db"), size=Size.PRODUCTION), []),
]


@pytest.mark.parametrize(("before", "after", "left"), [flip[1:] for flip in FLIPS], ids=[flip[0] for flip in FLIPS])
def test_a_flip_leaves_behind(before: Settings, after: Settings, left: list[str]) -> None:
    assert [loss.partition(" would be lost")[0] for loss in lost(before, after)] == left
    assert lost(before, after, *left) == []


CACHE = "cache@elasticache/eu-central-1/10.0.0.0/16"
VERSIONS: list[tuple[Managed, Managed, list[str]]] = [
    (Managed(engine=old, version=was), Managed(engine=new, version=is_), [f"{CACHE}/{part}" for part in left])
    for old, was, new, is_, left in (
        ("valkey", "8.0", "valkey", "9.0", []),
        ("redis", "7.1", "valkey", "8.0", []),
        ("valkey", "8.0", "redis", "7.1", ["valkey-8.0"]),
        ("valkey", "7.2", "redis", "7.2", ["valkey-7.2"]),
        ("valkey", "9.1", "valkey", "8.2", ["valkey-9.1"]),
        ("redis", "7.1", "redis", "7.0", ["redis-7.1"]),
    )
]


def caching(managed: Managed) -> Workload:
    """The sample with a cache that keeps data."""
    cache = replace(portal().services["cache"], managed=managed, ephemeral=False)
    return portal(cache=cache)


@pytest.mark.parametrize(("old", "new", "left"), VERSIONS, ids=lambda each: f"{getattr(each, 'engine', '')}")
def test_a_cache_that_aws_makes_anew_leaves_its_data_behind(old: Managed, new: Managed, left: list[str]) -> None:
    kept, then = (texts(stores(caching(each), settings(ECS, "cache"))) for each in (old, new))
    assert [loss.partition(" would be lost")[0] for loss in refused(kept, then, ())] == left
    assert refused(kept, then, left) == []


def test_a_part_that_was_given_up_may_not_be_kept_again() -> None:
    valkey = caching(Managed(engine="valkey", version="8.0"))
    for described_, lose in ((valkey, f"{CACHE}/valkey-8.0"), (described(), f"{DISK}/zone-2")):
        placed = settings(ECS, "cache", lose=(lose,)) if described_ is valkey else settings(EKS, lose=(lose,))
        assert [str(problem).partition(";")[0] for problem in problems(described_, placed)] == [
            f"lose names {lose}, which this stack keeps"
        ]


def test_a_database_does_not_go_back_to_an_older_version() -> None:
    newer, older = (texts(stores(running(version), settings(ECS, "db"))) for version in ("17", "9"))
    assert refused(newer, older, ()) == []
    assert backward(newer, older) == [
        (
            f"{DATABASE} runs postgres 17, and RDS goes back to no postgres 9 (AWS: ModifyDBInstance). Keep the "
            "version in x-managed, or name another database there: that is another instance, to put back what was saved"
        )
    ]
    assert backward(older, newer) == backward(newer, newer) == backward(newer, {}) == []


def running(version: str) -> Workload:
    db = portal().services["db"]
    assert db.managed
    return portal(db=replace(db, managed=replace(db.managed, version=version)))


def test_the_record_of_a_program_that_knew_neither_zones_nor_versions_is_no_loss() -> None:
    now = texts(stores(caching(Managed(engine="valkey", version="8.0")), settings(ECS, "cache", "db")))
    bare = {name: {key: store[key] for key in ("what", "dump", "restore")} for name, store in now.items()}
    assert refused(bare, now, ()) == backward(bare, now) == []


def test_the_keys_of_a_cache_are_saved_and_put_back_by_commands() -> None:
    kept = texts(stores(caching(Managed(engine="valkey", version="8.0", password="cache")), settings(ECS, "cache")))
    (loss,) = refused(kept, {}, ())
    address = (
        "host=$(aws elasticache describe-replication-groups --region eu-central-1 --replication-group-id "
        "portal-test-cache --query 'ReplicationGroups[0].NodeGroups[0].PrimaryEndpoint.Address' --output text); "
    )
    client, where = "valkey-cli --tls -h $host", "(from inside of the VPC, its password in REDISCLI_AUTH)"
    assert f"    save it:      {address}{save(client)} > cache.dump  {where}\n" in loss
    assert kept[CACHE]["restore"] == f"{address}{load(client)} < cache.dump  {where}"


@pytest.fixture
def before() -> dict[str, dict[str, str]]:
    return texts(stores(described(), settings(EKS)))


def test_a_database_that_becomes_managed_leaves_its_volume_behind() -> None:
    (loss,) = lost(settings(EKS), settings(EKS, "db"))
    assert loss == (
        "db@eks-ec2/db/eu-central-1/10.0.0.0/16 would be lost: the volume db of db on eks-ec2.\n"
        "    save it:      kubectl --namespace portal-test exec statefulset/db -- "
        "pg_dump --username portal --dbname portal --format custom > db.dump\n"
        '    put it back:  pg_restore --no-owner --dbname "host=$(aws rds describe-db-instances --region eu-central-1 '
        "--db-instance-identifier portal-test-db --query 'DBInstances[0].Endpoint.Address' --output text) "
        'user=portal dbname=portal sslmode=require" db.dump  (from inside of the VPC)\n'
        "    then give up the old one: pulumi config set --path 'lose[0]' db@eks-ec2/db/eu-central-1/10.0.0.0/16 "
        "--stack test"
    )


def test_what_was_saved_goes_back_to_where_the_data_is_kept_then() -> None:
    (to_the_site,) = lost(settings(EKS), settings(SITES[0]))
    assert (
        "    put it back:  docker exec --interactive $(docker ps --quiet --filter "
        "label=com.amazonaws.ecs.container-name=db) pg_restore --username portal --dbname portal --no-owner --clean "
        "--if-exists < db.dump\n"
    ) in to_the_site
    kept = texts(stores(described(), settings(EKS)))
    assert "    put it back:  nowhere: this stack would keep nothing of db any more\n" in refused(kept, {}, ())[0]


def test_a_loss_that_is_acknowledged_by_another_name_is_a_loss(before: dict[str, dict[str, str]]) -> None:
    assert refused(before, {}, ("db",))


def test_another_database_name_is_another_database() -> None:
    described_ = described()
    db = described_.services["db"]
    assert db.managed
    renamed = portal(db=replace(db, managed=replace(db.managed, database="school")))
    before = texts(stores(described_, settings(ECS, "db")))
    assert refused(before, texts(stores(renamed, settings(ECS, "db"))), ())


def test_a_service_that_would_keep_other_data_on_each_placement_is_refused() -> None:
    both = replace(settings(EKS), placements=(EKS, SITES[1]))
    assert [str(problem) for problem in problems(described(), both)] == [
        (
            "compose.yaml:1:1: db keeps data in a volume, and would keep other data on each of eks-ec2 and "
            "eks-datacenter. Let both share it by `managed: [db]`, or say `x-ephemeral: true` if the data may differ "
            "and be lost."
        )
    ]
    assert list(problems(described(), replace(both, managed=("db",)))) == []


def test_an_acknowledgement_of_what_is_kept_is_refused_with_the_repair() -> None:
    (problem,) = problems(described(), settings(EKS, lose=(DISK,)))
    assert problem == (
        f"lose names {DISK}, which this stack keeps; only what it no longer keeps can be given up. "
        "Repair: pulumi config rm --path 'lose[0]' --stack test"
    )


def test_the_engine_is_told_of_every_loss_at_once_and_of_none_at_first(before: dict[str, dict[str, str]]) -> None:
    news: dict[str, Any] = {"stores": {}, "lose": [], "stack": "test", "weights": {}}
    provider = _KeeperProvider()
    assert provider.check({}, {**news, "stores": before}).failures == []
    two = {**before, "cache@elasticache": {"what": "w", "dump": "d", "restore": "r"}}
    (failure,) = provider.check({"stores": two}, news).failures
    assert failure.reason.count("would be lost") == 2


class Record:
    """What a state holds of a keeper: asked about each change, and holding on to it unless it is refused."""

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}

    def ask(self, now: Settings, workload: Workload | None = None, weights: dict[str, str] | None = None) -> list[str]:
        kept = texts(stores(workload or described(), now))
        news = {"stores": kept, "lose": list(now.lose), "stack": "test", "weights": weights or {}}
        found = _KeeperProvider().check(self.inputs, news)
        if not found.failures:
            self.inputs = found.inputs
        return [failure.reason for failure in found.failures]


@pytest.fixture
def record() -> Record:
    """Of a stack with its database on a disk."""
    made = Record()
    assert made.ask(settings(EKS)) == []
    return made


def test_a_loss_that_an_up_was_allowed_is_asked_for_again_without_its_name(record: Record) -> None:
    """That `up` may have ended halfway, so the disk may be there, and the next one would delete it unasked."""
    assert record.ask(settings(ECS, "db", lose=(DISK,))) == []
    assert record.ask(settings(ECS, "db", lose=(DISK,))) == []
    (reason,) = record.ask(settings(ECS, "db"))
    assert (
        f"{DISK} was given up before, and would be lost now if that `up` ended halfway: the volume db of db" in reason
    )
    assert f"    then give up the old one: pulumi config set --path 'lose[0]' {DISK} --stack test" in reason


def test_a_store_that_is_kept_again_has_to_be_given_up_anew(record: Record) -> None:
    assert record.ask(settings(ECS, "db", lose=(DISK,))) == []
    assert record.ask(settings(EKS, lose=(DATABASE,))) == []
    (reason,) = record.ask(settings(ECS, "db"))
    assert f"{DISK} would be lost: the volume db of db" in reason
    assert reason.count("would be lost") == 1


def test_a_part_that_an_up_was_allowed_to_lose_is_asked_for_again_too(record: Record) -> None:
    three = replace(settings(EKS), network=THREE)
    zone = f"{DISK}/zone-3"
    assert record.ask(three) == []
    assert record.ask(replace(settings(EKS), lose=(zone,))) == []
    assert f"{zone} was given up before" in record.ask(settings(EKS))[0]
    assert record.ask(three) == []
    assert f"{zone} would be lost" in record.ask(settings(EKS))[0]


def test_the_record_of_an_unchanged_stack_does_not_change(record: Record) -> None:
    before = record.inputs
    assert record.ask(settings(EKS)) == []
    assert not _KeeperProvider().diff("test", before, record.inputs).changes
    old = {key: value for key, value in before.items() if key != "given_up"}
    assert not _KeeperProvider().diff("test", old, record.inputs).changes
    assert record.ask(settings(EKS, "db", lose=(DISK,))) == []
    assert _KeeperProvider().diff("test", before, record.inputs).changes


def test_the_engine_is_told_of_a_version_that_rds_does_not_go_back_to() -> None:
    newer, older = (texts(stores(running(version), settings(ECS, "db"))) for version in ("17", "16"))
    news = {"stores": older, "lose": [], "stack": "test", "weights": {}}
    (failure,) = _KeeperProvider().check({"stores": newer}, news).failures
    assert "RDS goes back to no postgres 16" in failure.reason


def test_the_record_is_registered_as_plain_values() -> None:
    args = KeeperArgs(stores=texts(stores(described(), settings(EKS))), weights={}, lose=(), stack="test")
    found = run(lambda: Keeper("keeper", args)).one("switchyard:Keeper")
    assert list(found.inputs["stores"]) == [DISK]


def test_two_processes_write_the_same_small_provider_into_the_state() -> None:
    program = (
        "from pulumi.dynamic.dynamic import serialize_provider\n"
        "from foundation.keeper import _KeeperProvider\n"
        "print(serialize_provider(_KeeperProvider()))"
    )
    pickles = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(pickles) == 1
    assert len(pickles.pop()) < 200
