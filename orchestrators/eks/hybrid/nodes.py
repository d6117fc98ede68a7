"""How machines of the site become nodes: their role, the activation that registers them, and the script they run."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, service_trust
from foundation.site import proxied
from orchestrators.base import OrchestratorArgs
from orchestrators.eks.hybrid.egress import egress
from orchestrators.eks.hybrid.join import join_script
from orchestrators.eks.render.volume import kept
from orchestrators.eks.roles import Granted, role


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """`exports` is what people need: the script, which is a secret, until when it works, and the firewall's list."""

    role: Granted
    activation: "aws.ssm.Activation"
    exports: Mapping[str, pulumi.Input[str]]


def nodes(name: str, args: OrchestratorArgs, parent: pulumi.Resource) -> Nodes:
    cluster = args.names.cluster(args.placement.key)
    arn = pulumi.Output.concat("arn:aws:eks:", args.region, ":", args.account, ":cluster/", cluster)
    granted = _role(name, arn, args, parent)
    activation = aws.ssm.Activation(
        f"{name}-activation",
        name=cluster,
        description=f"Hybrid nodes of {cluster}",
        iam_role=granted.name,
        registration_limit=args.site.machines,
        expiration_date=args.site.activate_until,
        tags={**args.tags, _TAG: arn},
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=list(granted.policies), additional_secret_outputs=["activation_code"]
        ),
    )
    here = (service for service in args.workload.services.values() if service.name not in args.endpoints)
    volumes = tuple(volume for _, volume in kept(here))
    code: pulumi.Output[str] = pulumi.Output.secret(activation.activation_code)
    join = pulumi.Output.all(id=activation.id, code=code, expires=activation.expiration_date).apply(
        lambda known: join_script(
            cluster=cluster,
            region=args.region,
            version=args.cluster.version,
            activation_id=known["id"],
            activation_code=known["code"],
            expires=known["expires"],
            volumes=volumes,
        )
    )
    exports = {
        "join": join,
        "activation-expires": activation.expiration_date,
        "egress": pulumi.Output.from_input(args.network.cidr).apply(
            lambda cidr: "\n".join(
                egress(
                    args.workload,
                    tuple(args.endpoints),
                    region=args.region,
                    vpc=cidr,
                    proxied=proxied(args.placement, args.site),
                    copied=bool(args.copies),
                )
            )
        ),
    }
    return Nodes(role=granted, activation=activation, exports=exports)


_TAG = "EKSClusterARN"
"""Carried over from the activation to the machines that it registers."""


def _role(name: str, cluster_arn: pulumi.Output[str], args: OrchestratorArgs, parent: pulumi.Resource) -> Granted:
    """For this cluster and these machines alone (Amazon EKS user guide, prepare credentials for hybrid nodes)."""
    ours = on_behalf_of(args.account, pulumi.Output.concat("arn:aws:ssm:", args.region, ":", args.account, ":*"))
    machines = pulumi.Output.concat("arn:aws:ssm:", args.region, ":", args.account, ":managed-instance/*")
    return role(
        f"{name}-node-role",
        args.names.of(args.placement.key, "node", limit=64),
        service_trust("ssm.amazonaws.com", condition=ours),
        parent=parent,
        tags=args.tags,
        policies=("AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"),
        statements=[
            {
                "Effect": "Allow",
                "Action": ["eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"],
                "Resource": cluster_arn,
            },
            {"Effect": "Allow", "Action": "ssm:DescribeInstanceInformation", "Resource": "*"},  # it knows no resource
            {
                "Effect": "Allow",
                "Action": "ssm:DeregisterManagedInstance",
                "Resource": machines,
                "Condition": {"StringEquals": {f"ssm:resourceTag/{_TAG}": cluster_arn}},
            },
        ],
    )
