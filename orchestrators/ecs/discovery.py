"""The namespaces in which services find each other: Service Connect's, and DNS names for what jobs call."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs
from orchestrators.ecs.links import Links, dns_namespace
from orchestrators.ecs.references import Values


def discovery(
    name: str, args: OrchestratorArgs, links: Links, services: Sequence[str], *, parent: pulumi.Resource
) -> Values:
    """`namespace` where any link needs it, and `registry.<service>` of each of the `services` that a job calls."""
    opts = pulumi.ResourceOptions(parent=parent)
    values: Values = {}
    if any(links.connected(service) for service in services):
        # By placement, as two may stand side by side, and do so while one takes the other's place.
        namespace = aws.servicediscovery.HttpNamespace(
            f"{name}-namespace", name=args.names.cluster(args.placement.key), tags=args.tags, opts=opts
        )
        values["namespace"] = namespace.arn
    if links.needs_dns:
        zone = aws.servicediscovery.PrivateDnsNamespace(
            f"{name}-dns",
            name=dns_namespace(args.names, args.placement),
            vpc=args.network.vpc_id,
            tags=args.tags,
            opts=opts,
        )
        for service in filter(links.called_by_jobs, services):
            registry = aws.servicediscovery.Service(
                f"{name}-{service}-dns",
                name=service,
                dns_config=aws.servicediscovery.ServiceDnsConfigArgs(
                    namespace_id=zone.id,
                    dns_records=[aws.servicediscovery.ServiceDnsConfigDnsRecordArgs(type="A", ttl=10)],
                ),
                tags=args.tags,
                opts=opts,
            )
            values[f"registry.{service}"] = registry.arn
    return values
