"""What hybrid nodes refuse of a stack's settings: the exact words."""

from pathlib import Path

import pytest

import stackfiles
from stack import RefusedError, open_stack

ROOT = Path(__file__).resolve().parents[4]
WAY = "transit_gateway: tgw-0123456789abcdef0"
SITE = f"{{networks: [192.168.0.0/24], pods: [192.168.64.0/18], {WAY}}}"


def opened(*changes, site=SITE):
    settings = ["orchestrator=eks", "compute=datacenter", f"site={site}", *changes]
    project, config = stackfiles.read(ROOT, "dev", settings)
    return open_stack(config, project=project, stack="dev", root=ROOT)


def refused(*changes, site=SITE):
    with pytest.raises(RefusedError) as error:
        opened(*changes, site=site)
    return error.value.reasons


def test_a_site_that_has_everything_is_accepted():
    assert opened()


def test_public_networks_are_refused():
    assert refused(site=f"{{networks: [192.168.0.0/24], pods: [100.64.0.0/16], {WAY}}}") == (
        (
            "site.pods[0] is 100.64.0.0/16, which is not private; allowed are parts of 10.0.0.0/8, 172.16.0.0/12, "
            "192.168.0.0/16. Repair: pulumi config set --path 'site.pods[0]' 10.64.0.0/16 --stack dev"
        ),
    )


def test_the_addresses_of_services_are_nobody_elses():
    assert refused(site=f"{{networks: [172.20.8.0/24], pods: [192.168.64.0/18], {WAY}}}") == (
        (
            "site.networks[0] is 172.20.8.0/24 and overlaps 172.20.0.0/16, the addresses of Kubernetes Services. "
            "Repair: pulumi config set --path 'site.networks[0]' 192.168.0.0/24 --stack dev"
        ),
    )
    assert refused("network={cidr: 172.20.0.0/16}") == (
        (
            "network.cidr is 172.20.0.0/16 and overlaps 172.20.0.0/16, the addresses of Kubernetes Services. "
            "Repair: pulumi config set --path network.cidr 10.0.0.0/16 --stack dev"
        ),
    )


def test_more_networks_than_a_cluster_takes_are_refused():
    networks = ", ".join(f"192.168.{number}.0/24" for number in range(16))
    assert refused(site=f"{{networks: [{networks}], pods: [192.168.64.0/18], {WAY}}}") == (
        (
            "site.networks names 16 networks; EKS takes 15. Repair: name a larger network that holds several, or "
            "pulumi config rm --path 'site.networks[15]' --stack dev"
        ),
    )


def test_every_machine_finds_addresses_for_its_pods():
    assert refused(site=f"{{networks: [192.168.0.0/24], pods: [192.168.64.0/24], {WAY}}}") == (
        (
            "site.pods has room for the pods of 2 machines (a /25 each), site.machines is 3. "
            "Repair: pulumi config set --path 'site.pods[0]' 10.64.0.0/16 --stack dev"
        ),
    )


def test_spot_capacity_is_refused_with_the_placement_that_has_it():
    assert refused("cluster={spot: true}") == (
        (
            "cluster.spot: machines of a data centre are no Spot capacity. "
            "Repair: pulumi config set --path cluster.spot false --stack dev, or use the placement eks-ec2."
        ),
    )


def test_a_public_endpoint_is_refused_as_nodes_would_take_it():
    assert refused("cluster={public_access_cidrs: [203.0.113.0/24]}") == (
        (
            "cluster.public_access_cidrs: hybrid nodes reach the cluster by its private address alone; with a public "
            "one they would take that. `up` runs in the VPC or at the site. "
            "Repair: pulumi config rm --path cluster.public_access_cidrs --stack dev"
        ),
    )


def test_two_services_on_one_node_port_are_refused_with_the_way_without():
    address = f"{{networks: [192.168.0.0/24], pods: [192.168.64.0/18], address: 192.168.0.10, {WAY}}}"
    assert refused('workload=["tests/orchestrators/eks/hybrid/one-port.yaml"]', "managed=[]", site=address) == (
        (
            "tests/orchestrators/eks/hybrid/one-port.yaml:10:5: web on port 8000 and admin on port 10768 would both be "
            "published on port 32464 of every machine and of the site's address. Give one of them another port, or "
            "let the load balancer reach the pods themselves: pulumi config rm --path site.address --stack dev"
        ),
    )


def test_a_site_without_pods_or_a_way_is_refused_with_the_commands():
    reasons = "\n".join(refused(site="{networks: [192.168.0.0/24]}"))
    assert "pulumi config set --path 'site.pods[0]'" in reasons
    assert "pulumi config set --path site.transit_gateway" in reasons
