"""A stack that cannot be: everything that is wrong with it in one answer, word by word, before any resource."""

from itertools import zip_longest

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


def test_what_is_wrong_in_itself_hides_nothing_of_the_rest(refusals):
    """Single values, the description and what does not go together, in one answer."""
    text = COMPOSE.replace("    environment: {}\n", "    environment: {URL: 'http://${DBS_HOST:-dbs}:80'}\n", 1)
    found = refusals(
        text,
        size="huge",
        tags={"aws:team": "portal"},
        managed=["db"],
        placements=[
            {"orchestrator": "eks", "compute": "datacenter", "weight": -1},
            {"orchestrator": "esc", "compute": "fargate"},
        ],
        edge={"certificate_arn": CERTIFICATE, "sticky": -1},
        network={"cidr": "10.0.0.0/20", "egress": "non"},
        site={"networks": ["10.0.8.0/24"], "pods": ["192.168.64.0/18"], "address": "nowhere"},
        alerts={"rules": {"cpuu": "off"}, "sender": "nobody"},
    )
    beginnings = [
        "placements[0].weight: -1 is not a weight of 0 to 999",
        'placements[1].orchestrator: "esc" is not allowed',
        'size: "huge" is not allowed',
        'network.egress: "non" is not allowed',
        "edge.sticky: -1 is not 0 to 604800 seconds",
        'alerts.sender: "nobody" is not one e-mail address',
        'site.address: "nowhere" is not an IPv4 address such as 192.168.10.5',
        "edge.certificate_arn: is a certificate in us-east-1",
        "tags.aws:team: AWS keeps tags that begin with aws: to itself",
        'compose.yaml:8:24: services.web.DBS_HOST: there is no service "dbs"',
        "network.cidr is 10.0.0.0/20, whose private subnets hold 1014 addresses",
        "site has no way to it",
        "site.networks[0] is 10.0.8.0/24 and overlaps network.cidr, which is 10.0.0.0/20",
        "compose.yaml:11:5: x-managed.version of db is 13",
        "alerts.rules.cpuu: there is no such rule",
        "compose.yaml:3:5: web runs as root or does not say as whom, which eks-datacenter cannot give",
    ]
    assert [reason[: len(start)] for reason, start in zip_longest(found, beginnings, fillvalue="")] == beginnings


def test_a_description_that_cannot_be_read_hides_nothing_of_the_settings(refusals):
    found = refusals("services: [", edge={"http": True}, network={"cidr": "172.17.0.0/16"})
    assert [reason.partition(", ")[0] for reason in found] == [
        "compose.yaml:2:1: not YAML: did not find expected node content",
        "network.cidr is 172.17.0.0/16 and overlaps 172.17.0.0/16",
    ]


def test_what_depends_on_a_wrong_setting_is_not_judged(refusals):
    """Nobody is told to manage `db` who has named it in a way that cannot be read."""
    text = COMPOSE.replace('version: "13"', 'version: "17"')
    (reason,) = refusals(text, edge={"http": True}, managed="db")
    assert reason.startswith('managed: "db" is not a list')


def test_a_wrong_form_in_the_description_leads_to_no_reason_that_is_not_true(refusals):
    text = COMPOSE.replace("engine: postgres", "engine: mysql")
    (reason,) = refusals(text, edge={"http": True}, managed=["db"])
    assert reason.endswith('x-managed.engine: found "mysql"; allowed is postgres, redis or valkey')


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
