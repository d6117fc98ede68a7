"""Who may open a connection to what, computed from the registered security groups alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from planning.resources import Recording, Value

_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_GROUP = "aws:ec2/securityGroup:SecurityGroup"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Connection:
    """`target` accepts connections to `port` from `source`: a security group by its resource's name, a network, or what
    only the cloud names.
    """

    target: str
    port: str
    source: str


def connections(recording: Recording) -> list[Connection]:
    """Every connection that the rules let in, and, where it comes from a group with rules of its own, also let out."""
    names = {group.id: group.name for group in recording.of(_GROUP)}
    let_out = {_ends(rule.inputs)[:3] for rule in recording.of(_EGRESS)}
    held = {rule.inputs["securityGroupId"] for rule in recording.of(_EGRESS)}
    return sorted(
        Connection(target=names.get(target, target), port=ports, source=names.get(source, source))
        for target, source, ports in (_ends(rule.inputs) for rule in recording.of(_INGRESS))
        if source not in held or (source, target, ports) in let_out
    )


def _ends(rule: Mapping[str, Value]) -> tuple[str, str, str]:
    """The rule's own group, the other end, and protocol with port."""
    other = next(str(rule[key]) for key in ("referencedSecurityGroupId", "cidrIpv4", "prefixListId") if rule.get(key))
    ports = "-".join(dict.fromkeys(f"{rule[end]:g}" for end in ("fromPort", "toPort")))
    return rule["securityGroupId"], other, f"{rule['ipProtocol']} {ports}"
