"""Security group rules beside the links: between pods with groups of their own and the cluster's group."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

DNS, HTTPS, KUBELET = 53, 443, 10250

# (what for, who opens the connection, protocol, port)
_RULES = (
    ("dns-udp", "pod", "udp", DNS),
    ("dns-tcp", "pod", "tcp", DNS),
    ("api", "pod", "tcp", HTTPS),
    ("kubelet", "cluster", "tcp", KUBELET),
)
"""Amazon EKS user guide, security groups for pods: CoreDNS and the control plane stand in the cluster's group; logs,
exec and metrics reach a Fargate pod's kubelet from there."""


def pods_with_own_groups(
    name: str, units: Mapping[str, pulumi.Input[str]], cluster: pulumi.Input[str], parent: pulumi.Resource
) -> None:
    """Both sides of every rule of `_RULES` for the group of each unit."""
    for unit, pod in units.items():
        for what, opener, protocol, port in _RULES:
            source, target = (pod, cluster) if opener == "pod" else (cluster, pod)
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{unit}-{what}-in",
                security_group_id=target,
                referenced_security_group_id=source,
                ip_protocol=protocol,
                from_port=port,
                to_port=port,
                opts=pulumi.ResourceOptions(parent=parent),
            )
            if opener == "pod" and port == DNS:  # HTTPS may leave a pod anyway, and the cluster's group lets all out
                aws.vpc.SecurityGroupEgressRule(
                    f"{name}-{unit}-{what}-out",
                    security_group_id=source,
                    referenced_security_group_id=target,
                    ip_protocol=protocol,
                    from_port=port,
                    to_port=port,
                    opts=pulumi.ResourceOptions(parent=parent),
                )
