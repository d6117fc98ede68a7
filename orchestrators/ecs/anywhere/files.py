"""What `switchyard render` writes for people at the site, beside the task definitions."""

from collections.abc import Callable

from foundation.names import Names
from foundation.references import copies
from foundation.upstreams import cacheable
from orchestrators.ecs.anywhere.egress import egress
from orchestrators.ecs.anywhere.join import join_script
from orchestrators.ecs.anywhere.ports import ports
from orchestrators.ecs.anywhere.volumes import site_volumes
from orchestrators.ecs.links import Links
from orchestrators.site.proxy import proxy
from settings import Placement, Settings
from workload.model import Workload
from workload.text import Ref


def site_files(
    workload: Workload, settings: Settings, placement: Placement, value: Callable[[Ref], str]
) -> dict[str, str]:
    """The proxy's configuration, the firewall's list and the join script, by path; `value` gives `network.cidr` and
    `activation.id`, `.code` and `.expires`.
    """
    names, managed = Names(settings.project, settings.stack), settings.managed
    cluster, vpc = names.cluster(placement.key), value(Ref("network.cidr"))
    public = copies(workload, managed, settings.images)
    held = public if settings.network.egress == "endpoints" else dict(cacheable(public, settings.registries, names))
    elsewhere = [image for image in public if image not in held]
    ways = egress(workload, managed, region=settings.region, vpc=vpc, elsewhere=elsewhere)
    return {
        "site/haproxy.cfg": proxy(
            ports(Links(workload, names, managed), settings.site, vpc), settings.site, cluster=cluster
        ),
        "site/egress.txt": "".join(f"{way}\n" for way in ways),
        "site/join.sh": join_script(
            region=settings.region,
            cluster=cluster,
            activation_id=value(Ref("activation.id")),
            activation_code=value(Ref("activation.code")),
            expires=value(Ref("activation.expires")),
            volumes=site_volumes(workload, managed),
        ),
    }
