"""Plain Kubernetes manifests of a workload: pure, canonical, in the order in which a cluster takes them.

What only the cloud knows stays a `Ref`: `image.<container>`, `target_group.<service>`, `security_group.<unit>`,
`balancer_suffix.<service>`, `target_group_suffix.<service>` (the ARNs' ends, as CloudWatch names them),
`security_group.cluster`, `subnet.private.<n>`, `network.cidr`, `role.node`, `region`, `secret.<name>` (its ARN),
`secret_value.<name>`, the endpoint variables of managed services, and three names that change with what they stand for:
`secret_object.<name>`, `job.<name>` have a default that is right wherever the value itself is not known.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from foundation.names import Names
from orchestrators.documents import Document
from orchestrators.eks.render import (
    autoscaling,
    checks,
    cluster,
    deployment,
    jobs,
    network_policy,
    secrets,
    service,
    volume,
)
from orchestrators.eks.render.scene import Scene
from settings import Placement, SiteSettings
from workload.errors import DescriptionError
from workload.model import Workload

__all__ = ["Manifests", "render"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """`core` is what any cluster takes, with plain Secrets to fill; `aws` are the custom resources and settings of EKS,
    where External Secrets fill those Secrets.
    """

    core: tuple[Document, ...]
    aws: tuple[Document, ...]


def render(
    workload: Workload,
    placement: Placement,
    names: Names,
    managed: Collection[str] = (),
    zones: int = 2,
    *,
    spot: bool = False,
    site: SiteSettings = SiteSettings(),  # noqa: B008 (frozen)
) -> Manifests:
    """The manifests of everything that runs in the cluster; `zones` is the number of private subnets, `spot` whether
    services of several copies may stand on Spot capacity, `site` the data centre that they run in.

    Raises:
        DescriptionError: the placement cannot carry the workload; every reason at once.
    """
    scene = Scene(workload=workload, placement=placement, names=names, managed=managed, spot=spot, site=site)
    if problems := checks.refused(scene):
        raise DescriptionError(problems)
    return Manifests(core=tuple(_core(scene)), aws=tuple(_aws(scene, zones)))


def _core(scene: Scene) -> Iterator[Document]:
    yield cluster.namespace(scene)
    if scene.datacenter:
        yield from volume.site_volumes(scene)
    yield from (secrets.plain_secret(scene, secret) for secret in secrets.used_secrets(scene))
    yield from (secrets.config_map(scene, config) for config in secrets.used_configs(scene))
    yield from network_policy.default_policies(scene)
    for unit in scene.units:
        yield secrets.service_account(scene, unit.name)
        yield network_policy.network_policy(scene, unit)
    yield from (jobs.job(scene, job) for job in scene.workload.jobs.values())
    for described in scene.services:
        yield deployment.controller(scene, described)
        for document in (
            service.service(scene, described),
            autoscaling.autoscaler(scene, described),
            autoscaling.disruption_budget(scene, described),
        ):
            if document:
                yield document


def _aws(scene: Scene, zones: int) -> Iterator[Document]:
    if scene.fargate:
        yield from cluster.log_router(scene)
        yield from (network_policy.security_group_policy(scene, unit) for unit in scene.units)
    elif not scene.datacenter:
        yield cluster.policy_controller()
        yield cluster.node_class(scene, zones)
        yield from cluster.node_pools(scene)
        yield volume.ebs_class()
    if used := secrets.used_secrets(scene):
        yield secrets.secret_store(scene)
        yield from (secrets.external_secret(scene, secret) for secret in used)
    scaled = [made for described in scene.services if (made := autoscaling.scaled_object(scene, described))]
    if scaled:
        yield autoscaling.cloudwatch_reader(scene)
        yield from scaled
    for described in scene.services:
        if binding := service.target_group_binding(scene, described):
            yield binding
