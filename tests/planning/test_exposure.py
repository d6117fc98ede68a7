import pytest

from planning.exposure import public
from planning.resources import Recording, Resource

GROUP = "<id of security group open>"


def rule(cidr, **changes):
    inputs = {
        "securityGroupId": GROUP,
        "cidrIpv4": cidr,
        "fromPort": 443,
        "toPort": 443,
        "ipProtocol": "tcp",
        **changes,
    }
    return resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "rule", inputs)


def resource(type_, name, inputs):
    return Resource(urn=f"urn::{type_}::{name}", type=type_, name=name, id=f"<id of {name}>", inputs=inputs)


def found(*resources):
    return [(each.resource, each.ports, each.allow_from) for each in public(Recording(resources=resources, exports={}))]


BALANCER = resource("aws:lb/loadBalancer:LoadBalancer", "edge", {"internal": False, "securityGroups": [GROUP]})


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:lb/loadBalancer:LoadBalancer", {"securityGroups": [GROUP]}),
        ("aws:ec2/instance:Instance", {"associatePublicIpAddress": True, "vpcSecurityGroupIds": [GROUP]}),
        ("aws:ecs/service:Service", {"networkConfiguration": {"assignPublicIp": True, "securityGroups": [GROUP]}}),
        ("aws:rds/instance:Instance", {"publiclyAccessible": True, "vpcSecurityGroupIds": [GROUP]}),
    ],
)
def test_a_public_address_behind_an_open_group_is_public(type_, inputs):
    assert found(resource(type_, "it", inputs), rule("0.0.0.0/0")) == [("it", ("443",), ("0.0.0.0/0",))]


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:lb/loadBalancer:LoadBalancer", {"internal": True, "securityGroups": [GROUP]}),
        ("aws:ec2/instance:Instance", {"vpcSecurityGroupIds": [GROUP]}),
        ("aws:ecs/service:Service", {"networkConfiguration": {"securityGroups": [GROUP]}}),
        ("aws:rds/instance:Instance", {"publiclyAccessible": False, "vpcSecurityGroupIds": [GROUP]}),
        ("eks:index:Cluster", {"endpointPublicAccess": False}),
    ],
)
def test_without_a_public_address_nothing_is_public(type_, inputs):
    assert found(resource(type_, "it", inputs), rule("0.0.0.0/0")) == []


def test_a_group_that_admits_private_addresses_only_keeps_a_balancer_private():
    assert found(BALANCER, rule("10.0.0.0/16")) == []


def test_a_network_of_the_internet_is_public_however_small():
    assert found(BALANCER, rule("198.51.101.0/24")) == [("edge", ("443",), ("198.51.101.0/24",))]


def test_all_ports_and_ranges_are_told():
    everything = rule("0.0.0.0/0", ipProtocol="-1")
    some = rule("0.0.0.0/0", toPort=445)
    assert found(BALANCER, everything, some) == [("edge", ("all", "443-445"), ("0.0.0.0/0",))]


@pytest.mark.parametrize("type_", ["eks:index:Cluster", "aws:eks/cluster:Cluster"])
def test_a_cluster_that_says_nothing_is_open_to_everyone(type_):
    assert found(resource(type_, "cluster", {})) == [("cluster", ("443",), ("0.0.0.0/0",))]


def test_a_balancer_made_by_kubernetes_is_seen():
    annotations = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}
    service = resource("kubernetes:core/v1:Service", "web", {"metadata": {"annotations": annotations}})
    assert found(service) == [("web", ("443",), ("0.0.0.0/0",))]
