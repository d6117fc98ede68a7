from foundation.boundaries import ANYWHERE, EDGE, Addresses, Group, Rule, boundaries, shared
from settings import EdgeSettings
from tests.foundation.portal import container, portal, workload
from workload.model import Port, Service

MANAGED = ("db", "cache")
PLAIN = EdgeSettings(http=True)
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"


def sources(rules: tuple[Rule, ...], group: str) -> set[tuple[str, int]]:
    return {
        (rule.peer.name if isinstance(rule.peer, Group) else rule.peer.cidr, rule.port)
        for rule in rules
        if rule.direction == "ingress" and rule.group == Group(group)
    }


def test_addresses_outside_the_stack_reach_the_edge_alone() -> None:
    rules = boundaries(portal(), MANAGED, PLAIN)
    assert {rule.group for rule in rules if rule.direction == "ingress" and isinstance(rule.peer, Addresses)} == {EDGE}


def test_a_database_is_reached_by_its_clients_alone() -> None:
    assert sources(boundaries(portal(), MANAGED, PLAIN), "db") == {("api", 5432), ("worker", 5432), ("migrate", 5432)}


def test_the_edge_reaches_the_ingress_port_and_no_sidecar() -> None:
    assert sources(boundaries(portal(), MANAGED, PLAIN), "web") == {("@edge", 8000)}


def test_a_service_without_clients_is_reached_by_nobody() -> None:
    assert sources(boundaries(portal(), MANAGED, PLAIN), "worker") == set()


def test_what_leaves_the_stack_is_https() -> None:
    rules = boundaries(portal(), MANAGED, PLAIN)
    assert {rule.port for rule in rules if rule.direction == "egress" and rule.peer == ANYWHERE} == {443}


def test_each_side_of_a_connection_has_its_rule() -> None:
    rules = boundaries(portal(), MANAGED, PLAIN)
    between = [rule for rule in rules if isinstance(rule.peer, Group)]
    opened = {(r.group, r.peer, r.port) for r in between if r.direction == "egress"}
    accepted = {(r.peer, r.group, r.port) for r in between if r.direction == "ingress"}
    assert opened == accepted
    assert opened


def test_a_managed_service_opens_no_connection() -> None:
    rules = boundaries(portal(), MANAGED, PLAIN)
    assert not [rule for rule in rules if rule.direction == "egress" and rule.group.name in MANAGED]


def test_a_database_in_a_container_still_pulls_its_image() -> None:
    rules = boundaries(portal(), (), PLAIN)
    assert Rule(group=Group("db"), direction="egress", peer=ANYWHERE, port=443) in rules


def test_plain_http_opens_one_port() -> None:
    assert sources(boundaries(portal(), MANAGED, PLAIN), "@edge") == {("0.0.0.0/0", 80)}


def test_a_certificate_opens_https_and_its_redirect() -> None:
    rules = boundaries(portal(), MANAGED, EdgeSettings(certificate_arn=CERTIFICATE, allow_from=("203.0.113.0/24",)))
    assert sources(rules, "@edge") == {("203.0.113.0/24", 80), ("203.0.113.0/24", 443)}


def test_a_udp_port_is_opened_as_udp() -> None:
    server = Service(container=container("dns", ports=(Port(target=53, protocol="udp"),)))
    client = Service(container=container("app"), links=("dns",))
    rules = boundaries(workload({"dns": server, "app": client}), (), PLAIN)
    assert {(r.protocol, r.port) for r in rules if r.group == Group("dns") and r.direction == "ingress"} == {
        ("udp", 53)
    }


def test_a_client_of_a_service_with_a_sidecar_reaches_its_ports_too() -> None:
    web = portal().services["web"]
    client = Service(container=container("client"), links=("web",))
    assert ("client", 9100) in sources(boundaries(portal(web=web, client=client), MANAGED, PLAIN), "web")


def test_shared_machines_stand_for_every_unit_toward_edge_and_data() -> None:
    rules = boundaries(portal(), MANAGED, PLAIN)
    nodes = Group("@nodes")
    assert set(shared(rules, portal(), MANAGED, nodes)) == {
        Rule(group=EDGE, direction="egress", peer=nodes, port=8000),
        Rule(group=nodes, direction="ingress", peer=EDGE, port=8000),
        *(
            Rule(group=nodes, direction="egress", peer=Group(name), port=port)
            for name, port in [("db", 5432), ("cache", 6379)]
        ),
        *(
            Rule(group=Group(name), direction="ingress", peer=nodes, port=port)
            for name, port in [("db", 5432), ("cache", 6379)]
        ),
    }


def test_no_two_rules_share_a_key() -> None:
    rules = boundaries(portal(), (), PLAIN)
    assert len({rule.key for rule in rules}) == len(rules)
