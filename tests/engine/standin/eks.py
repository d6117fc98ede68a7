"""`pulumi_eks.Cluster` as far as the program asks for it: the control plane and a provider, with a kubeconfig."""

import json
import os
from importlib.metadata import version
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi.provider import ConstructResult, Provider


class Cluster(pulumi.ComponentResource):
    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cluster = aws.eks.Cluster(
            f"{name}-eksCluster",
            name=inputs["name"],
            role_arn=pulumi.Output.from_input(inputs["serviceRole"]).apply(lambda role: role.arn),
            version=inputs["version"],
            vpc_config={"subnet_ids": inputs["privateSubnetIds"]},
            deletion_protection=inputs.get("deletionProtection"),
            tags=inputs.get("tags"),
            opts=child,
        )
        kubeconfig = cluster.name.apply(_kubeconfig)
        kubernetes.Provider(f"{name}-eks-k8s", kubeconfig=kubeconfig, opts=child)
        issuer = pulumi.Output.concat("https://oidc.example/id/", cluster.name)
        self.state = {
            "kubeconfigJson": kubeconfig,
            "clusterSecurityGroupId": pulumi.Output.concat("sg-of-", cluster.name),
            "oidcIssuer": issuer,
            "oidcProviderUrl": issuer,
        }
        self.register_outputs(self.state)


class Eks(Provider):
    def __init__(self) -> None:
        super().__init__(version("pulumi-eks"))

    def construct(
        self, name: str, resource_type: str, inputs: dict[str, Any], options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        cluster = Cluster(name, inputs, options)
        return ConstructResult(cluster.urn, cluster.state)


def _kubeconfig(cluster: str) -> str:
    return json.dumps({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster,
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "aws"}}],
        "clusters": [{"name": cluster, "cluster": {"server": os.environ["STANDIN_ENDPOINT"]}}],
        "users": [{"name": "aws", "user": {"token": "token"}}],
    })  # fmt: skip
