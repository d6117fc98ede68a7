"""The cluster: control plane, key, roles, logs, and the machines that pods run on."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_eks
import pulumi_kubernetes as kubernetes

from foundation.iam import service_trust
from orchestrators.base import OrchestratorArgs
from orchestrators.eks import versions
from orchestrators.eks.addon import addon
from orchestrators.eks.rights import pull_images, write_logs
from orchestrators.eks.roles import Granted, Oidc, role
from orchestrators.eks.surroundings import LOG_TYPES, surroundings
from orchestrators.log_groups import LogGroups
from settings import Compute

SYSTEM_NAMESPACES = ("kube-system", "external-secrets", "keda")
"""Where add-ons run: on Fargate a pod of a namespace without a profile is never scheduled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """A cluster that takes pods. `foundations` has to stand before anything is put into it."""

    name: str
    provider: kubernetes.Provider
    kubeconfig: pulumi.Output[str]
    security_group: pulumi.Output[str]
    node_role: Granted | None
    oidc: Oidc | None
    """Of Fargate alone, which has no Pod Identity."""
    logs: LogGroups
    foundations: tuple[pulumi.Resource, ...]


def control_plane(name: str, args: OrchestratorArgs, parent: pulumi.Resource) -> ControlPlane:
    physical = args.names.cluster(args.placement.key)
    fargate = args.placement.compute is Compute.FARGATE
    tags = dict(args.tags)
    child = pulumi.ResourceOptions(parent=parent)

    ground = surroundings(name, args, _cluster_policies(fargate=fargate), parent)
    node_role = None if fargate else _node_role(name, args, parent)
    needed = [*ground.needed, *(node_role.policies if node_role else ())]
    cidrs = args.cluster.public_access_cidrs
    cluster = pulumi_eks.Cluster(
        f"{name}-cluster",
        name=physical,
        version=args.cluster.version,
        upgrade_policy={"support_type": versions.support_type(args.cluster.version, versions.today())},
        vpc_id=args.network.vpc_id,
        private_subnet_ids=list(args.network.private_subnet_ids),
        service_role=ground.role.resource,
        authentication_mode=pulumi_eks.AuthenticationMode.API,
        endpoint_private_access=True,
        endpoint_public_access=bool(cidrs),
        public_access_cidrs=list(cidrs) or None,
        encryption_config_key_arn=ground.key.arn,
        enabled_cluster_log_types=list(LOG_TYPES),
        skip_default_node_group=True,
        skip_default_security_groups=True,
        bootstrap_self_managed_addons=False,
        use_default_vpc_cni=True,
        kube_proxy_addon_options={"enabled": False},
        coredns_addon_options={"enabled": False},
        auto_mode=_auto_mode(node_role),
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=needed),
    )
    provider = kubernetes.Provider(
        f"{name}-kubernetes",
        kubeconfig=cluster.kubeconfig_json,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[cluster]),
    )
    oidc = None
    foundations: tuple[pulumi.Resource, ...] = (cluster,)
    if fargate:
        provider_of_tokens = aws.iam.OpenIdConnectProvider(
            f"{name}-oidc",
            url=cluster.oidc_provider_url,
            client_id_lists=["sts.amazonaws.com"],
            tags=tags,
            opts=child,
        )
        oidc = Oidc(arn=provider_of_tokens.arn, issuer=cluster.oidc_issuer)
        profile = _fargate_profile(name, args, cluster, ground.logs, parent)
        foundations = (cluster, profile, _coredns(name, physical, args, profile, parent))
    return ControlPlane(
        name=physical,
        provider=provider,
        kubeconfig=cluster.kubeconfig_json,
        security_group=cluster.cluster_security_group_id,
        node_role=node_role,
        oidc=oidc,
        logs=ground.logs,
        foundations=foundations,
    )


def _cluster_policies(*, fargate: bool) -> tuple[str, ...]:
    """What the control plane needs, by the AWS managed policies that EKS names (Amazon EKS user guide: cluster IAM
    role, Auto Mode cluster role, security groups for pods).
    """
    if fargate:
        return ("AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController")
    return (
        "AmazonEKSClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    )


def _node_role(name: str, args: OrchestratorArgs, parent: pulumi.Resource) -> Granted:
    return role(
        f"{name}-node-role",
        args.names.of(args.placement.key, "node", limit=64),
        service_trust("ec2.amazonaws.com"),
        parent=parent,
        tags=args.tags,
        policies=("AmazonEKSWorkerNodeMinimalPolicy", pull_images(Compute.EC2)),
    )


def _auto_mode(node_role: Granted | None) -> pulumi_eks.AutoModeOptionsArgs | None:
    """The built-in `system` pool carries the add-ons that ask for it, and lets the role's nodes in; the workload's own
    pool is rendered.
    """
    if node_role is None:
        return None
    return pulumi_eks.AutoModeOptionsArgs(
        enabled=True,
        create_node_role=False,
        compute_config=pulumi_eks.ClusterComputeConfigArgs(node_pools=["system"], node_role_arn=node_role.arn),
    )


def _fargate_profile(
    name: str, args: OrchestratorArgs, cluster: pulumi.Resource, logs: LogGroups, parent: pulumi.Resource
) -> aws.eks.FargateProfile:
    physical = args.names.cluster(args.placement.key)
    pods = logs.group(f"{name}-pod-logs", args.names.log_group(args.placement.key, "pods"))
    profiles = f"arn:aws:eks:{args.region}:*:fargateprofile/{physical}/*"
    execution = role(
        f"{name}-pod-execution-role",
        args.names.of(args.placement.key, "pods", limit=64),
        service_trust("eks-fargate-pods.amazonaws.com", condition={"ArnLike": {"aws:SourceArn": profiles}}),
        parent=parent,
        tags=args.tags,
        policies=(pull_images(Compute.FARGATE),),
        statements=[write_logs([pulumi.Output.concat(pods.arn, ":*")])],
    )
    return aws.eks.FargateProfile(
        f"{name}-profile",
        cluster_name=physical,
        fargate_profile_name="pods",
        pod_execution_role_arn=execution.arn,
        subnet_ids=list(args.network.private_subnet_ids),
        selectors=[{"namespace": namespace} for namespace in (*SYSTEM_NAMESPACES, args.names.namespace)],
        tags=dict(args.tags),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[cluster, *execution.policies]),
    )


def _coredns(
    name: str, physical: str, args: OrchestratorArgs, profile: pulumi.Resource, parent: pulumi.Resource
) -> aws.eks.Addon:
    return addon(
        f"{name}-coredns",
        physical,
        "coredns",
        args,
        pulumi.ResourceOptions(parent=parent, depends_on=[profile]),
        configuration={"computeType": "Fargate"},
    )
