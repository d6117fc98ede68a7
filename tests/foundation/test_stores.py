"""What keeps data, and which changes would leave some behind."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from foundation.keeper import Keeper, KeeperArgs, _KeeperProvider
from foundation.stores import losses, problems, stores, texts
from settings import Compute, NetworkSettings, Orchestrator, Placement, Settings, Size
from tests.foundation.portal import container, portal
from tests.support.pulumi_run import run
from workload.model import Mount, Workload

ECS = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
OTHER_VPC = {"network": NetworkSettings(vpc="vpc-0123456789abcdef0")}
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


def lost(before: Settings, after: Settings, *acknowledged: str) -> list[str]:
    """What a change of the settings would lose of the sample."""
    kept, then = (texts(stores(described(), each)) for each in (before, after))
    return losses(kept, then, acknowledged, "test")


def test_a_managed_database_is_a_store_and_an_ephemeral_cache_is_none() -> None:
    assert names(ECS, "db", "cache") == ["db@rds/portal/portal/eu-central-1/10.0.0.0/16"]


def test_a_volume_is_a_store_of_its_placement() -> None:
    assert names(EKS) == ["db@eks-ec2/db/eu-central-1/10.0.0.0/16"]


def test_a_volume_of_a_site_stays_there_whatever_the_cluster_in_the_cloud_is() -> None:
    assert [names(each) for each in SITES] == [["db@ecs-datacenter/db"], ["db@eks-datacenter/db"]]


DATABASE, DISK = "db@rds/portal/portal/eu-central-1/10.0.0.0/16", "db@eks-ec2/db/eu-central-1/10.0.0.0/16"
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
    ("zones", settings(EKS), replace(settings(EKS), network=NetworkSettings(zones=3)), []),
    ("the way out", settings(EKS), replace(settings(EKS), network=NetworkSettings(egress="nat-per-zone")), []),
    ("size", settings(ECS, "db"), replace(settings(ECS, "db"), size=Size.PRODUCTION), []),
]


@pytest.mark.parametrize(("before", "after", "left"), [flip[1:] for flip in FLIPS], ids=[flip[0] for flip in FLIPS])
def test_a_flip_leaves_behind(before: Settings, after: Settings, left: list[str]) -> None:
    assert [loss.partition(" would be lost")[0] for loss in lost(before, after)] == left
    assert lost(before, after, *left) == []


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
    assert (
        "    put it back:  nowhere: this stack would keep nothing of db any more\n" in losses(kept, {}, (), "test")[0]
    )


def test_a_loss_that_is_acknowledged_by_another_name_is_a_loss(before: dict[str, dict[str, str]]) -> None:
    assert losses(before, {}, ("db",), "test")


def test_another_database_name_is_another_database() -> None:
    described_ = described()
    db = described_.services["db"]
    assert db.managed
    renamed = portal(db=replace(db, managed=replace(db.managed, database="school")))
    before = texts(stores(described_, settings(ECS, "db")))
    assert losses(before, texts(stores(renamed, settings(ECS, "db"))), (), "test")


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
    news = {"stores": {}, "lose": [], "stack": "test", "weights": {}}
    provider = _KeeperProvider()
    assert provider.check({}, {**news, "stores": before}).failures == []
    two = {**before, "cache@elasticache": {"what": "w", "dump": "d", "restore": "r"}}
    (failure,) = provider.check({"stores": two}, news).failures
    assert failure.reason.count("would be lost") == 2


def test_the_record_is_registered_as_plain_values() -> None:
    args = KeeperArgs(stores=stores(described(), settings(EKS)), weights={}, lose=(), stack="test")
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
