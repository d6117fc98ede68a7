"""A stack that cannot be: everything that is wrong with it in one answer, word by word, before any resource."""

import pytest

from stack import RefusedError, open_stack

COMPOSE = """\
services:
  web:
    image: web:1
    expose: ["8000"]
    depends_on: [db]
    x-ingress: {port: 8000}
    x-scaling: {min: 1, max: 900, cpu: 60}
    environment: {}
    deploy: {resources: {limits: {cpus: "0.25", memory: 512M}}}
  db:
    image: postgres:17
    expose: ["5432"]
    x-managed: {engine: postgres, version: "13", database: portal, user: portal, password: db_password}
secrets:
  db_password: {file: ./password}
"""
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"


@pytest.fixture
def refusals(tmp_path, monkeypatch):
    """What a stack with this config and description is refused for."""
    monkeypatch.chdir(tmp_path)

    def refused(text=COMPOSE, **config):
        (tmp_path / "compose.yaml").write_text(text)
        whole = {"aws:region": "eu-central-1", **{f"switchyard:{key}": value for key, value in config.items()}}
        with pytest.raises(RefusedError) as caught:
            open_stack(whole, project="switchyard", stack="dev", root=tmp_path)
        return list(caught.value.reasons)

    return refused


def test_what_the_network_and_the_data_cannot_be_comes_in_one_answer(refusals):
    assert refusals(
        managed=["db", "cache"],
        edge={"http": True},
        network={"cidr": "10.0.0.0/20", "isolated": ["subnet-0123456789abcdef0"]},
        site={"networks": ["10.0.8.0/24"]},
    ) == [
        (
            "network.cidr is 10.0.0.0/20, whose private subnets hold 1014 addresses; the workload at its greatest, "
            "twice over while a deployment replaces it, needs 1800. "
            "Repair: pulumi config set --path network.cidr 10.0.0.0/19 --stack dev"
        ),
        (
            "network.isolated names subnets without their VPC. "
            "Repair: pulumi config set --path network.vpc vpc-0123456789abcdef0 --stack dev"
        ),
        "site has no use: no placement is datacenter. Repair: pulumi config rm site --stack dev",
        "compose.yaml:11:5: x-managed.version of db is 13; allowed are 14, 15, 16, 17, 18",
        "managed names 'cache', which is no service of the workload; allowed are db",
    ]


def test_a_certificate_in_another_region_is_refused(refusals):
    assert refusals(edge={"certificate_arn": CERTIFICATE}) == [
        (
            "edge.certificate_arn: is a certificate in us-east-1; a load balancer takes those of its own region, "
            "eu-central-1\n"
            f"    pulumi config set --path edge.certificate_arn {CERTIFICATE.replace('us-east-1', 'eu-central-1')} "
            "--stack dev"
        )
    ]


def test_the_address_of_a_service_that_is_not_there_is_refused(refusals):
    text = COMPOSE.replace("    environment: {}\n", "    environment: {URL: 'http://${DBS_HOST:-dbs}:80'}\n", 1)
    assert refusals(text, edge={"http": True}) == [
        (
            'compose.yaml:8:24: services.web.DBS_HOST: there is no service "dbs"; did you mean "db"? '
            "(if it is elsewhere, set DBS_HOST in the environment or in .env)"
        )
    ]


def test_overlapping_networks_are_refused(refusals):
    found = refusals(
        orchestrator="eks",
        compute="datacenter",
        edge={"http": True},
        managed=["db"],
        site={
            "networks": ["10.0.8.0/24"],
            "pods": ["192.168.64.0/18"],
            "transit_gateway": "tgw-0123456789abcdef0",
        },
    )
    assert found[0] == (
        "site.networks[0] is 10.0.8.0/24 and overlaps network.cidr, which is 10.0.0.0/16: no route could tell "
        "them apart. Give one of them another range, as in pulumi config set --path 'network.cidr' 10.1.0.0/16 "
        "--stack dev"
    )
