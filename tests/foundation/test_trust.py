"""Who would fail to verify a managed database's certificate."""

from dataclasses import replace
from pathlib import Path

import pytest

from foundation.trust import distrusted
from tests.foundation.portal import container, portal, workload
from workload.model import Build, Service, Workload
from workload.text import Ref, Text

URL = Text.of("postgresql://db/x?sslmode=", Ref("db.sslmode", "disable"))


def client(tmp_path: Path, dockerfile: str, **environment: Text) -> Workload:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    built = container("api", build=Build(context=tmp_path), environment={"DATABASE_URL": URL, **environment})
    return workload({"api": Service(container=built, links=("db",)), "db": portal().services["db"]})


def test_a_client_that_knows_no_authority_is_told_of_with_the_way_to_get_one(tmp_path: Path) -> None:
    assert list(distrusted(client(tmp_path, "FROM python"), ("db",))) == [
        (
            "compose.yaml:1:1: api connects to db with sslmode=verify-full, and neither its environment nor its "
            "Dockerfile has PGSSLROOTCERT: put RDS's certificates into the image "
            "(https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem) and name their path there"
        )
    ]


def test_an_image_without_a_build_says_it_in_its_environment(tmp_path: Path) -> None:
    described = client(tmp_path, "FROM python")
    api = described.services["api"]
    public = replace(api, container=replace(api.container, build=None, image="theirs:1"))
    assert list(distrusted(replace(described, services={**described.services, "api": public}), ("db",)))


@pytest.mark.parametrize("dockerfile", ["FROM x\nENV PGSSLROOTCERT=/ca.pem", "FROM x\nENV U=?sslrootcert=/ca.pem"])
def test_a_dockerfile_that_names_one_is_trusted(tmp_path: Path, dockerfile: str) -> None:
    assert list(distrusted(client(tmp_path, dockerfile), ("db",))) == []


def test_an_environment_that_names_one_is_trusted(tmp_path: Path) -> None:
    assert list(distrusted(client(tmp_path, "FROM x", PGSSLROOTCERT=Text.of("/ca.pem")), ("db",))) == []


def test_a_database_in_a_container_has_nothing_to_verify(tmp_path: Path) -> None:
    assert list(distrusted(client(tmp_path, "FROM x"), ())) == []
