"""HTTPS by a domain and its zone; what a client notices of the targets."""

import pytest

from settings import EdgeSettings
from tests.foundation.conftest import Foundation
from tests.foundation.test_components import resolved


@pytest.fixture(scope="module")
def named() -> Foundation:
    edge = EdgeSettings(domain="portal.example.com", zone="Z0123456789ABCDEFGHIJ", sticky=3600, slow_start=60)
    return Foundation("named", edge=edge)


def test_the_listener_waits_for_the_proved_certificate(named: Foundation) -> None:
    listener = named.run.one("lb/listener:Listener", "edge-https")
    validation = named.run.one("acm/certificateValidation:CertificateValidation")
    assert listener.inputs["certificateArn"] == validation.inputs["certificateArn"]
    assert validation.inputs["validationRecordFqdns"] == ["_p.name"]
    assert named.run.one("acm/certificate:Certificate").inputs["domainName"] == "portal.example.com"


def test_the_name_leads_to_the_load_balancer(named: Foundation) -> None:
    record = named.run.one("route53/record:Record", "edge-domain").inputs
    assert (record["name"], record["aliases"][0]["name"]) == ("portal.example.com", "edge-balancer.elb.example")
    assert resolved(named.edge.url) == "https://portal.example.com"


def test_plain_http_only_redirects_to_the_name(named: Foundation) -> None:
    actions = named.run.one("lb/listener:Listener", "edge-http").inputs["defaultActions"]
    assert [action["type"] for action in actions] == ["redirect"]


def test_clients_stay_with_a_target_and_new_ones_start_slowly(named: Foundation) -> None:
    for group in named.run.of("lb/targetGroup:TargetGroup"):
        assert group.inputs["slowStart"] == 60
        assert group.inputs["stickiness"] == {"type": "lb_cookie", "enabled": True, "cookieDuration": 3600}


def test_clients_stay_with_the_placement_that_they_met(named: Foundation) -> None:
    (action,) = named.run.one("lb/listenerRule:ListenerRule", "routes-web").inputs["actions"]
    assert action["forward"]["stickiness"] == {"enabled": True, "duration": 3600}


def test_neither_is_on_unless_a_stack_says_so(dev: Foundation) -> None:
    for group in dev.run.of("lb/targetGroup:TargetGroup"):
        assert group.inputs["slowStart"] == 0
        assert "stickiness" not in group.inputs
