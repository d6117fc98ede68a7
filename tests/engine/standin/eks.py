"""`pulumi_eks.Cluster` as far as the program asks for it: the control plane and a provider, with a kubeconfig.

`python -m tests.engine.standin.eks KUBECONFIG`, started by the Pulumi engine.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws  # noqa: F401  # by which the role is one, not only its id
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import main


class _Kubernetes(pulumi.ProviderResource):
    def __init__(self, name: str, kubeconfig: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__("kubernetes", name, {"kubeconfig": kubeconfig}, opts)


class Cluster(pulumi.ComponentResource):
    def __init__(self, name: str, inputs: dict[str, Any], kubeconfig: str, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("eks:index:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        given = {
            "name": inputs["name"],
            "roleArn": pulumi.Output.from_input(inputs["serviceRole"]).arn,
            "version": inputs["version"],
            "vpcConfig": {"subnetIds": inputs["privateSubnetIds"]},
            "deletionProtection": inputs.get("deletionProtection"),
            "tags": inputs.get("tags"),
        }
        cluster = pulumi.CustomResource("aws:eks/cluster:Cluster", f"{name}-eksCluster", given, child)
        text = cluster.id.apply(lambda _: kubeconfig)
        _Kubernetes(f"{name}-eks-k8s", text, child)
        issuer = pulumi.Output.concat("https://oidc.example/id/", inputs["name"])
        self.state = {
            "eksCluster": cluster,
            "kubeconfigJson": text,
            "clusterSecurityGroupId": pulumi.Output.concat("sg-of-", inputs["name"]),
            "oidcIssuer": issuer,
            "oidcProviderUrl": issuer,
        }
        self.register_outputs(self.state)


class Eks(Provider):
    def __init__(self, kubeconfig: str) -> None:
        super().__init__(version("pulumi-eks"))
        self._kubeconfig = kubeconfig

    def construct(
        self, name: str, resource_type: str, inputs: dict[str, Any], options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        cluster = Cluster(name, inputs, self._kubeconfig, options)
        return ConstructResult(cluster.urn, cluster.state)


if __name__ == "__main__":
    kubeconfig = Path(sys.argv.pop(1)).read_text()  # Pulumi takes what is left of the arguments
    main(Eks(kubeconfig), sys.argv[1:])
