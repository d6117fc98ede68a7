"""The Helm charts that a cluster needs beside EKS's own add-ons, and the public images that each runs."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from foundation.site import proxied
from settings import Compute, Placement, SiteSettings
from workload.model import Service, Workload


def _parts(image: str) -> dict[str, str]:
    """`repository` and `tag`, which charts join with a colon: a tag may have its digest behind it."""
    repository, _, tag = image.partition(":")
    return {"repository": repository, "tag": tag}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`images` are the public images that its own values name at `version`, by the dotted path of each in the values;
    the two move together, on purpose only. `says` is how the values name another image there.
    """

    name: str
    repository: str
    version: str
    namespace: str
    images: Mapping[str, str]
    says: Callable[[str], Mapping[str, str]] = _parts


EXTERNAL_SECRETS = Chart(
    name="external-secrets",
    repository="https://charts.external-secrets.io",
    version="2.4.1",
    namespace="external-secrets",
    images=dict.fromkeys(
        ("image", "webhook.image", "certController.image"), "ghcr.io/external-secrets/external-secrets:v2.4.1"
    ),
)
"""Fills Kubernetes Secrets from Secrets Manager."""

KEDA = Chart(
    name="keda",
    repository="https://kedacore.github.io/charts",
    version="2.20.2",
    namespace="keda",
    images={
        "image.keda": "ghcr.io/kedacore/keda:2.20.2",
        "image.metricsApiServer": "ghcr.io/kedacore/keda-metrics-apiserver:2.20.2",
        "image.webhooks": "ghcr.io/kedacore/keda-admission-webhooks:2.20.2",
    },
    says=lambda image: {"registry": "", **_parts(image)},
)
"""Scales by metrics of CloudWatch, which a HorizontalPodAutoscaler alone does not see."""

LOAD_BALANCER_CONTROLLER = Chart(
    name="aws-load-balancer-controller",
    repository="https://aws.github.io/eks-charts",
    version="3.4.0",
    namespace="kube-system",
    images={"image": "public.ecr.aws/eks/aws-load-balancer-controller:v3.4.0"},
)
"""Registers pods with the edge's target groups."""

CILIUM = Chart(
    name="cilium",
    repository="oci://public.ecr.aws/eks/cilium",
    version="1.18.5-0",
    namespace="kube-system",
    images={
        "image": "public.ecr.aws/eks/cilium/cilium:v1.18.5-0",
        "operator.image": "public.ecr.aws/eks/cilium/operator-generic:v1.18.5-0",
    },
    says=lambda image: {"override": image},
)
"""The one network that AWS supports on hybrid nodes, in AWS's own build (Amazon EKS user guide, hybrid nodes CNI: 1.17
and 1.18; its images: aws/eks-hybrid, test/e2e/cni).
"""


def charts(workload: Workload, managed: Collection[str], placement: Placement, site: SiteSettings) -> tuple[Chart, ...]:
    """Those that a placement needs, in the order in which they are made."""
    units = [unit for name, unit in workload.units.items() if name not in managed]
    services = [unit for unit in units if isinstance(unit, Service)]
    # Auto Mode brings its own controller, and a site's proxy takes the requests itself.
    bound = placement.compute is not Compute.EC2 and not proxied(placement, site)
    needed = (
        (CILIUM, placement.compute is Compute.DATACENTER),
        (EXTERNAL_SECRETS, any(container.secrets for unit in units for container in unit.containers)),
        (KEDA, any(each.scaling and (each.scaling.requests or each.scaling.queue) for each in services)),
        (LOAD_BALANCER_CONTROLLER, bound and any(each.ingress for each in services)),
    )
    return tuple(chart for chart, wanted in needed if wanted)
