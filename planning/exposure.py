"""What the internet reaches, computed from the registered resources alone."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from planning.resources import Recording, Resource, Value

ANYONE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """One thing that has a public address and lets somebody in from outside: which ports, from where, and why."""

    resource: str
    type: str
    ports: tuple[str, ...]
    allow_from: tuple[str, ...]
    reason: str


def public(recording: Recording) -> list[Public]:
    """Everything of the recording that somebody outside of the VPC may reach."""
    rules = _rules(recording)
    known = recording.of(*FINDERS)
    return [found for resource in known for found in FINDERS[resource.type](resource, rules)]


Rules = dict[str, list[tuple[str, str]]]  # security group id -> (network, ports) that come in from public addresses


def _balancer(resource: Resource, rules: Rules) -> Iterator[Public]:
    if not resource.inputs.get("internal"):
        yield from _behind(resource, resource.inputs.get("securityGroups"), rules, "an internet-facing load balancer")


def _instance(resource: Resource, rules: Rules) -> Iterator[Public]:
    if resource.inputs.get("associatePublicIpAddress"):
        groups = resource.inputs.get("vpcSecurityGroupIds")
        yield from _behind(resource, groups, rules, "an instance with a public address")


def _tasks(resource: Resource, rules: Rules) -> Iterator[Public]:
    network = resource.inputs.get("networkConfiguration") or {}
    if network.get("assignPublicIp"):
        yield from _behind(resource, network.get("securityGroups"), rules, "tasks with public addresses")


def _database(resource: Resource, rules: Rules) -> Iterator[Public]:
    if resource.inputs.get("publiclyAccessible"):
        groups = resource.inputs.get("vpcSecurityGroupIds")
        yield from _behind(resource, groups, rules, "a database with a public address")


def _cluster(resource: Resource, rules: Rules) -> Iterator[Public]:  # noqa: ARG001 (each finder takes the same)
    """AWS opens the endpoint to everyone unless told otherwise (Amazon EKS user guide, cluster endpoint access)."""
    given = resource.inputs.get("vpcConfig", resource.inputs)
    if given.get("endpointPublicAccess") is not False:
        allow_from = tuple(given.get("publicAccessCidrs") or (ANYONE,))
        reason = "the Kubernetes API"
        yield Public(resource=resource.name, type=resource.type, ports=("443",), allow_from=allow_from, reason=reason)


def _function_url(resource: Resource, rules: Rules) -> Iterator[Public]:  # noqa: ARG001 (each finder takes the same)
    if resource.inputs.get("authorizationType") == "NONE":
        yield _anyone(resource, "a function's address without authorization")


def _kubernetes(resource: Resource, rules: Rules) -> Iterator[Public]:  # noqa: ARG001 (each finder takes the same)
    annotations = (resource.inputs.get("metadata") or {}).get("annotations") or {}
    if any(key.endswith("scheme") and value == "internet-facing" for key, value in annotations.items()):
        yield _anyone(resource, "an internet-facing load balancer made by Kubernetes")


FINDERS: Mapping[str, Callable[[Resource, Rules], Iterator[Public]]] = {
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:ec2/instance:Instance": _instance,
    "aws:ecs/service:Service": _tasks,
    "aws:rds/instance:Instance": _database,
    "aws:rds/clusterInstance:ClusterInstance": _database,
    "aws:eks/cluster:Cluster": _cluster,
    "eks:index:Cluster": _cluster,
    "aws:lambda/functionUrl:FunctionUrl": _function_url,
    "kubernetes:core/v1:Service": _kubernetes,
    "kubernetes:networking.k8s.io/v1:Ingress": _kubernetes,
}
"""Every type of resource that can have a public address, with the question when it has one."""


def _behind(resource: Resource, groups: Value, rules: Rules, reason: str) -> Iterator[Public]:
    """Public as far as its security groups let anybody in."""
    admitted = [rule for group in groups or () for rule in rules.get(group, ())]
    if admitted:
        yield Public(
            resource=resource.name,
            type=resource.type,
            ports=tuple(dict.fromkeys(ports for _, ports in admitted)),
            allow_from=tuple(dict.fromkeys(network for network, _ in admitted)),
            reason=reason,
        )


def _anyone(resource: Resource, reason: str) -> Public:
    return Public(resource=resource.name, type=resource.type, ports=("443",), allow_from=(ANYONE,), reason=reason)


def _rules(recording: Recording) -> Rules:
    rules: Rules = {}
    for resource in recording.resources:
        inputs = resource.inputs
        match resource.type:
            case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
                _admit(rules, inputs["securityGroupId"], [inputs.get("cidrIpv4"), inputs.get("cidrIpv6")], inputs)
            case "aws:ec2/securityGroupRule:SecurityGroupRule":
                if inputs.get("type") == "ingress":
                    networks = [*inputs.get("cidrBlocks", ()), *inputs.get("ipv6CidrBlocks", ())]
                    _admit(rules, inputs["securityGroupId"], networks, inputs)
            case "aws:ec2/securityGroup:SecurityGroup" | "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
                for rule in inputs.get("ingress") or ():
                    networks = [*(rule.get("cidrBlocks") or ()), *(rule.get("ipv6CidrBlocks") or ())]
                    _admit(rules, resource.id, networks, rule)
    return rules


def _admit(rules: Rules, group: str, networks: list[str | None], rule: Mapping[str, Value]) -> None:
    first, last = rule.get("fromPort"), rule.get("toPort")
    everything = str(rule.get("ipProtocol", rule.get("protocol"))) == "-1"
    ports = "all" if everything or first is None else f"{first:g}" if first == last else f"{first:g}-{last:g}"
    for network in networks:
        if network and not _private(network):
            rules.setdefault(group, []).append((network, ports))


def _private(network: str) -> bool:
    """Whether no public address is in the network; a network that only the cloud knows is the VPC's own."""
    if network.startswith("<"):
        return True
    return ipaddress.ip_network(network, strict=False).is_private
