"""What keeps data, and which changes would leave some behind."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from foundation.keeper import Keeper, KeeperArgs, _KeeperProvider
from foundation.stores import losses, problems, stores, texts
from settings import Compute, NetworkSettings, Orchestrator, Placement, Settings
from tests.foundation.portal import container, portal
from tests.support.pulumi_run import run
from workload.model import Mount, Workload

ECS = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
OTHER_VPC = NetworkSettings(vpc="vpc-0123456789abcdef0")
EKS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)


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


def test_a_managed_database_is_a_store_and_an_ephemeral_cache_is_none() -> None:
    assert names(ECS, "db", "cache") == ["db@rds/portal/portal/eu-central-1/10.0.0.0/16"]


def test_a_volume_is_a_store_of_its_placement() -> None:
    assert names(EKS) == ["db@eks-ec2/db"]


def test_a_switch_of_the_orchestrator_keeps_a_managed_database() -> None:
    assert names(ECS, "db", "cache") == names(EKS, "db", "cache")


@pytest.fixture
def before() -> dict[str, dict[str, str]]:
    return texts(stores(described(), settings(EKS)))


def test_a_database_that_becomes_managed_leaves_its_volume_behind(before: dict[str, dict[str, str]]) -> None:
    (loss,) = losses(before, stores(described(), settings(EKS, "db")), (), "test")
    assert loss == (
        "db@eks-ec2/db would be lost: the volume db of db on eks-ec2.\n"
        "    save it:      kubectl --namespace portal-test exec statefulset/db -- "
        "pg_dump --username portal --dbname portal --format custom > db.dump\n"
        "    put it back:  pg_restore --no-owner "
        '--dbname "host=NEW_HOST user=USER dbname=DATABASE sslmode=require" db.dump\n'
        "    then give up the old one: pulumi config set --path 'lose[0]' db@eks-ec2/db --stack test"
    )


def test_a_loss_that_is_acknowledged_by_name_is_none(before: dict[str, dict[str, str]]) -> None:
    assert losses(before, (), ("db@eks-ec2/db",), "test") == []
    assert losses(before, (), ("db",), "test")


def test_nothing_is_lost_where_nothing_changes(before: dict[str, dict[str, str]]) -> None:
    assert losses(before, before, (), "test") == []


def test_another_database_name_is_another_database() -> None:
    described_ = described()
    db = described_.services["db"]
    assert db.managed
    renamed = portal(db=replace(db, managed=replace(db.managed, database="school")))
    before = texts(stores(described_, settings(ECS, "db")))
    assert losses(before, stores(renamed, settings(ECS, "db")), (), "test")


@pytest.mark.parametrize(
    "changed", [{"region": "us-east-1"}, {"network": NetworkSettings(cidr="10.1.0.0/16")}, {"network": OTHER_VPC}]
)
def test_a_database_leaves_neither_its_region_nor_its_vpc(changed: dict[str, Any]) -> None:
    before = stores(described(), settings(ECS, "db"))
    (loss,) = losses(texts(before), stores(described(), replace(settings(ECS, "db"), **changed)), (), "test")
    assert loss.startswith("db@rds/portal/portal/eu-central-1/10.0.0.0/16 would be lost: the database portal of db")


def test_an_acknowledgement_of_what_is_kept_is_refused_with_the_repair() -> None:
    (problem,) = problems(described(), settings(EKS, lose=("db@eks-ec2/db",)))
    assert problem == (
        "lose names db@eks-ec2/db, which this stack keeps; only what it no longer keeps can be given up. "
        "Repair: pulumi config rm --path 'lose[0]' --stack test"
    )


def test_the_engine_is_told_of_every_loss_at_once_and_of_none_at_first(before: dict[str, dict[str, str]]) -> None:
    news = {"stores": {}, "lose": [], "stack": "test"}
    provider = _KeeperProvider()
    assert provider.check({}, {**news, "stores": before}).failures == []
    two = {**before, "cache@elasticache": {"what": "w", "dump": "d", "restore": "r"}}
    (failure,) = provider.check({"stores": two}, news).failures
    assert failure.reason.count("would be lost") == 2


def test_the_record_is_registered_as_plain_values() -> None:
    args = KeeperArgs(stores=stores(described(), settings(EKS)), lose=(), stack="test")
    found = run(lambda: Keeper("keeper", args)).one("switchyard:Keeper")
    assert list(found.inputs["stores"]) == ["db@eks-ec2/db"]


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
