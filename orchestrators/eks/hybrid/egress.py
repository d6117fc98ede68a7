"""What machines of the site and their pods open connections to: the list that its firewall needs."""

from collections.abc import Collection

from foundation.engines import engine
from workload.model import Workload

_REGIONAL = {
    "eks": "nodeadm learns where the cluster is",
    "eks-auth": "roles of add-ons, by Pod Identity",
    "ssm": "AWS Systems Manager registers the machine and renews its credentials",
    "api.ecr": "Amazon ECR gives the way to an image",
    "*.dkr.ecr": "Amazon ECR, of the stack and of EKS's add-ons",
    "ec2": "whether a pod's address is one of the VPC",
    "secretsmanager": "the values of secrets",
    "logs": "Amazon CloudWatch Logs",
    "monitoring": "Amazon CloudWatch metrics",
}
"""By the first part of the host's name (Amazon EKS user guide, prepare networking for hybrid nodes)."""

_CONTROLLER = {"elasticloadbalancing": "pods are registered with the load balancer"}
"""Where no balancer of the site takes the requests."""

_JOINING = {"hybrid-assets.eks.amazonaws.com": "nodeadm and the kubelet, while a machine joins"}

_REGISTRIES = {
    "public.ecr.aws": "Cilium and controllers of AWS",
    "*.cloudfront.net": "the layers of those images",
    "ghcr.io": "External Secrets and KEDA",
    "pkg-containers.githubusercontent.com": "the layers of those images",
}
"""Unless the stack's own registry holds copies of their images."""


def egress(
    workload: Workload, managed: Collection[str], *, region: str, vpc: str, proxied: bool, copied: bool = False
) -> list[str]:
    """One line each: host or network (`*` stands for any name), TCP port, reason. What an application calls besides is
    its own. `proxied` is whether the site's own balancer takes the requests, `copied` whether add-ons run copies.
    """
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    regional = _REGIONAL if proxied else _REGIONAL | _CONTROLLER
    hosts = {f"{service}.{region}.{domain}": why for service, why in regional.items()}
    hosts[f"prod-{region}-starport-layer-bucket.s3.{region}.{domain}"] = "the layers of images in Amazon ECR"
    hosts[f"amazon-ssm-{region}.s3.{region}.{domain}"] = "the agent of Systems Manager, while a machine joins"
    data = (service for name, service in workload.services.items() if name in managed)
    return [
        f"{vpc}:443  the Kubernetes API, over the VPN",
        *(f"{host}:443  {why}" for host, why in (hosts | _JOINING | ({} if copied else _REGISTRIES)).items()),
        *(f"{vpc}:{engine(s.managed).port}  {s.name}, over the VPN" for s in data if s.managed),
    ]
