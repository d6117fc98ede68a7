"""The cluster of hybrid nodes: private, with the site's networks, Cilium, and a first machine that is ready."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from orchestrators.base import OrchestratorArgs
from orchestrators.eks import versions
from orchestrators.eks.addon import addon
from orchestrators.eks.charts import CILIUM
from orchestrators.eks.control_plane import ControlPlane
from orchestrators.eks.hybrid import cilium
from orchestrators.eks.hybrid.check import SERVICE_CIDR
from orchestrators.eks.hybrid.nodes import Nodes
from orchestrators.eks.hybrid.waits import Joined
from orchestrators.eks.release import release
from orchestrators.eks.surroundings import LOG_TYPES, Surroundings, surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    name: str
    cluster: str
    args: OrchestratorArgs
    parent: pulumi.Resource


def control_plane(name: str, args: OrchestratorArgs, nodes: Nodes, parent: pulumi.Resource) -> ControlPlane:
    """`pulumi_eks.Cluster` knows neither remote networks nor access entries of hybrid nodes, so this is EKS's own.

    Order: what a machine needs to become ready, the first machine, and then what needs a machine.
    """
    site = _Site(name=name, cluster=args.names.cluster(args.placement.key), args=args, parent=parent)
    ground = surroundings(site.name, args, ("AmazonEKSClusterPolicy",), site.parent)
    cluster = _cluster(site, ground)
    kubeconfig = _kubeconfig(site, cluster)
    provider = kubernetes.Provider(
        f"{name}-kubernetes",
        kubeconfig=kubeconfig,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[cluster]),
    )
    entry = aws.eks.AccessEntry(
        f"{name}-nodes",
        cluster_name=site.cluster,
        principal_arn=nodes.role.arn,
        type="HYBRID_LINUX",
        tags=dict(args.tags),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[cluster]),
    )
    network = release(
        name,
        CILIUM,
        args,
        cilium.values(args.site),
        pulumi.ResourceOptions(parent=parent, provider=provider, depends_on=[cluster]),
        skip_await=True,  # it runs on machines, and those come after it
    )
    proxy = _addon(site, "kube-proxy", cluster)
    agent = _addon(site, "eks-pod-identity-agent", cluster, {"daemonsets": {"hybrid": {"create": True}}})
    joined = Joined(
        f"{name}-joined",
        kubeconfig=kubeconfig,
        key=f"{args.placement.key}-join",
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=[entry, network, proxy, agent, nodes.activation, *nodes.role.policies]
        ),
    )
    return ControlPlane(
        name=site.cluster,
        provider=provider,
        kubeconfig=kubeconfig,
        security_group=cluster.vpc_config.cluster_security_group_id.apply(str),
        node_role=None,
        oidc=None,
        logs=ground.logs,
        foundations=(cluster, entry, network, proxy, agent, joined, _addon(site, "coredns", joined)),
    )


def _cluster(site: _Site, ground: Surroundings) -> aws.eks.Cluster:
    args = site.args
    return aws.eks.Cluster(
        f"{site.name}-cluster",
        name=site.cluster,
        version=args.cluster.version,
        role_arn=ground.role.arn,
        access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True},
        bootstrap_self_managed_addons=False,
        vpc_config={
            "subnet_ids": list(args.network.private_subnet_ids),
            "security_group_ids": [_security_group(site).id],
            "endpoint_private_access": True,
            "endpoint_public_access": False,  # with both, nodes would take the public address (Amazon EKS user guide)
        },
        kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": SERVICE_CIDR},
        remote_network_config={
            "remote_node_networks": {"cidrs": list(args.site.networks)},
            "remote_pod_networks": {"cidrs": list(args.site.pods)},
        },
        encryption_config={"provider": {"key_arn": ground.key.arn}, "resources": ["secrets"]},
        enabled_cluster_log_types=list(LOG_TYPES),
        upgrade_policy={"support_type": versions.support_type(args.cluster.version, versions.today())},
        tags=dict(args.tags),
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=list(ground.needed)),
    )


def _security_group(site: _Site) -> aws.ec2.SecurityGroup:
    """Beside the one that EKS makes, which lets the control plane out: kubelets and pods reach the API."""
    args = site.args
    group = aws.ec2.SecurityGroup(
        f"{site.name}-api",
        name=args.names.of(args.placement.key, "api"),
        description="The Kubernetes API, for machines of the site and their pods",
        vpc_id=args.network.vpc_id,
        revoke_rules_on_delete=True,
        tags={**args.tags, "Name": args.names.of(args.placement.key, "api")},
        opts=pulumi.ResourceOptions(parent=site.parent),
    )
    for cidr in (*args.site.networks, *args.site.pods):
        aws.vpc.SecurityGroupIngressRule(
            f"{site.name}-api-from-{cidr}",
            security_group_id=group.id,
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=f"the API from {cidr}",
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=site.parent),
        )
    return group


def _kubeconfig(site: _Site, cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    """Whoever uses it asks AWS for a token of its own, so it holds no secret."""
    command = ["--region", site.args.region, "eks", "get-token", "--cluster-name", site.cluster, "--output", "json"]
    authority = cluster.certificate_authority.data
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": site.cluster,
            "contexts": [{"name": site.cluster, "context": {"cluster": site.cluster, "user": "aws"}}],
            "clusters": [
                {
                    "name": site.cluster,
                    "cluster": {"server": cluster.endpoint, "certificate-authority-data": authority},
                }
            ],
            "users": [
                {
                    "name": "aws",
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": command,
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
        }
    )


def _addon(
    site: _Site, addon_name: str, after: pulumi.Resource, configuration: Mapping[str, Any] | None = None
) -> aws.eks.Addon:
    opts = pulumi.ResourceOptions(parent=site.parent, depends_on=[after])
    return addon(f"{site.name}-{addon_name}", site.cluster, addon_name, site.args, opts, configuration=configuration)
