"""What a cluster's own parts reach beyond the VPC: nodes and add-ons, each what its role allows."""

from orchestrators.base import Outside
from orchestrators.eks.charts import EXTERNAL_SECRETS, KEDA, LOAD_BALANCER_CONTROLLER, charts
from settings import Compute, Placement, Settings
from workload.model import Workload

_CALLS = {
    EXTERNAL_SECRETS.name: {"secretsmanager"},
    KEDA.name: {"monitoring"},
    LOAD_BALANCER_CONTROLLER.name: {"elasticloadbalancing", "ec2"},
}
"""AWS's services by the chart whose pods call them."""

_AGENT = {"monitoring", "ec2"}
"""Beside the logs: CloudWatch's agent writes metrics and asks for the tags and volumes of its machine."""


def outside(workload: Workload, settings: Settings, placement: Placement) -> Outside:
    """The images of its charts; EKS's own add-ons come from a registry of AWS in the region. The services that pods of
    add-ons call, and the one that gives them their roles: STS to web identities, which Fargate has, EKS Auth to Pod
    Identity (Amazon EKS user guide, private clusters; add-on images).

    Nodes of Auto Mode call nothing else: EC2, its balancers and its disks are called by AWS's own side of it (AWS:
    "Security overview of Amazon EKS Auto Mode"), and the one rights that they have are to pull images and to hand out
    roles. Machines of a site take the site's own way out (docs/datacenter.md).
    """
    needed = charts(workload, settings.managed, placement, settings.site)
    images = frozenset(image for chart in needed for image in chart.images.values())
    if placement.compute is Compute.DATACENTER:
        return Outside(images=images)
    services = {service for chart in needed for service in _CALLS[chart.name]}
    if placement.compute is Compute.EC2:
        services |= {"eks-auth", *_AGENT}
    elif services:
        services.add("sts")
    return Outside(images=images, services=frozenset(services))
