"""A site whose own proxy takes the requests: how pods are reached, who may reach them, and what is not needed then."""

import os
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrators.documents import fill
from orchestrators.eks import Eks
from orchestrators.eks.hybrid.egress import egress
from orchestrators.eks.hybrid.ports import ports
from orchestrators.eks.render import render
from orchestrators.site.proxy import proxy
from settings import SiteSettings
from tests.orchestrators.eks.given import arguments
from tests.orchestrators.eks.portal import DATACENTER, EC2, MANAGED, NAMES, example, portal
from tests.support.pulumi_run import run

SITE = SiteSettings(
    networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), address="192.168.0.10", vpn_gateway="vgw-01234567"
)
GOLDEN = Path(__file__).parent / "golden" / "haproxy.cfg"


def rendered(kind, name="web", site=SITE, placement=DATACENTER):
    manifests = render(portal(), placement, NAMES, MANAGED, site=site)
    documents = (fill(document, example) for document in (*manifests.core, *manifests.aws))
    return next((d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name)), None)


@pytest.fixture(scope="module")
def both():
    made = {}

    def program():
        made["eks"] = Eks("eks", arguments(DATACENTER, site=SITE))

    return run(program), made["eks"]


def config():
    return proxy(ports(portal(), MANAGED, SITE, "10.0.0.0/16"), SITE, cluster="portal-prod-eks-datacenter")


@pytest.mark.parametrize("proxied", [True, False])
def test_the_firewall_opens_the_way_to_the_load_balancers_api_for_the_controller_alone(proxied):
    hosts = egress(portal(), MANAGED, region="eu-central-1", vpc="10.0.0.0/16", proxied=proxied)
    assert any(line.startswith("elasticloadbalancing.") for line in hosts) is not proxied


def test_with_copies_of_all_images_the_firewall_opens_no_public_registry():
    hosts = egress(portal(), MANAGED, region="eu-central-1", vpc="10.0.0.0/16", proxied=True, copied=True)
    assert [host for host in hosts if "amazonaws.com" not in host and not host.startswith("10.")] == []


def test_every_machine_publishes_an_ingress_for_its_own_pods():
    spec = rendered("Service")["spec"]
    assert (spec["type"], spec["externalTrafficPolicy"]) == ("NodePort", "Local")
    assert [(port["port"], port["nodePort"]) for port in spec["ports"]] == [(8000, 32464)]


def test_what_is_no_ingress_stays_inside():
    assert rendered("Service", "api")["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize(("site", "placement"), [(replace(SITE, address=None), DATACENTER), (SITE, EC2)])
def test_without_an_address_or_a_site_no_machine_publishes_anything(site, placement):
    assert rendered("Service", site=site, placement=placement)["spec"]["type"] == "ClusterIP"


def test_pods_take_requests_from_the_site_alone():
    first, *_ = rendered("NetworkPolicy")["spec"]["ingress"]
    assert first["from"] == [{"ipBlock": {"cidr": "192.168.0.0/24"}}]


def test_the_load_balancer_controller_is_not_needed(both):
    registered, _ = both
    assert rendered("TargetGroupBinding") is None
    assert not [each for each in registered.of("helm.sh/v3:Release") if "load-balancer" in each.name]
    (label,) = rendered("Namespace", "portal-prod")["metadata"]["labels"].keys() & {
        "elbv2.k8s.aws/pod-readiness-gate-inject",
        "kubernetes.io/metadata.name",
    }
    assert label == "kubernetes.io/metadata.name"


def test_the_proxys_port_is_the_target_once_the_pods_run(both):
    attached = both[0].one(":TargetGroupAttachment")
    assert (attached.inputs["targetId"], attached.inputs["port"]) == ("192.168.0.10", 32464)
    assert attached.inputs["availabilityZone"] == "all"
    assert "eks-deployment-web-rollout" in attached.depends_on


def test_requests_are_routed_once_the_proxy_answers(both):
    assert [resource._name for resource in both[1].ready] == ["eks-web-answers"]


def test_the_proxys_configuration_is_an_output(both):
    assert "proxy" in both[1].exports


def test_the_sample_has_its_golden_configuration():
    """SWITCHYARD_GOLDEN=write pytest tests/orchestrators/eks/hybrid/test_proxied.py writes it anew."""
    if os.environ.get("SWITCHYARD_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(config())
    assert config() == GOLDEN.read_text()


def test_haproxy_takes_it(tmp_path):
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        message = (
            "HAProxy is not on this machine, so the site's proxy was not checked (Debian: apt-get install haproxy)"
        )
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    file = tmp_path / "haproxy.cfg"
    accounts = ("    user haproxy\n", "    group haproxy\n") if os.getuid() else ()
    text = config()
    for line in accounts:
        text = text.replace(line, "")
    file.write_text(text)
    checked = subprocess.run([program, "-c", "-f", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
