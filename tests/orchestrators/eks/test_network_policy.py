"""Who may talk to whom is what the links say, no more and no less."""

from orchestrators.documents import fill
from orchestrators.eks.render import render
from tests.orchestrators.eks.portal import EC2, FARGATE, MANAGED, NAMES, example, portal

NAME = "app.kubernetes.io/name"


def policies(managed=()):
    core = [fill(document, example) for document in render(portal(), EC2, NAMES, managed).core]
    return {d["metadata"]["name"]: d["spec"] for d in core if d["kind"] == "NetworkPolicy"}


def reached(rules, direction):
    """The (unit, port) pairs that the rules name by pod."""
    return {
        (peer["podSelector"]["matchLabels"][NAME], port["port"])
        for rule in rules
        for peer in rule[direction]
        if "podSelector" in peer
        for port in rule["ports"]
    }


def test_the_links_are_the_ways_out():
    found = {
        name: reached(spec["egress"], "to") for name, spec in policies().items() if "matchLabels" in spec["podSelector"]
    }
    assert found == {
        "web": {("api", 9000)},
        "api": {("db", 5432), ("cache", 6379)},
        "worker": {("db", 5432), ("cache", 6379)},
        "migrate": {("db", 5432)},
        "db": set(),
        "cache": set(),
    }


def test_the_links_are_the_ways_in():
    found = {name: reached(spec["ingress"], "from") for name, spec in policies().items() if spec.get("ingress")}
    assert found == {
        "web": set(),
        "api": {("web", 9000)},
        "db": {("api", 5432), ("worker", 5432), ("migrate", 5432)},
        "cache": {("api", 6379), ("worker", 6379)},
    }


def test_the_load_balancer_reaches_the_ingress_port_alone():
    assert policies()["web"]["ingress"] == [
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 8000}]}
    ]


def test_nothing_that_no_rule_names_is_let_in_or_out():
    assert policies()["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_managed_data_is_reached_on_its_port_within_the_network():
    egress = policies(MANAGED)["migrate"]["egress"]
    assert egress == [{"to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 5432}]}]


def test_on_fargate_each_pod_has_the_security_group_of_its_unit_alone():
    aws = [d for d in render(portal(), FARGATE, NAMES, MANAGED).aws if d["kind"] == "SecurityGroupPolicy"]
    assert {
        (d["spec"]["podSelector"]["matchLabels"][NAME], d["spec"]["securityGroups"]["groupIds"][0].path) for d in aws
    } == {(unit, f"security_group.{unit}") for unit in ("web", "api", "worker", "migrate")}
