"""The load balancer's way to a service at the site's address, and the resource that waits until it answers there."""

from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.dynamic import CreateResult, Resource

from orchestrators.base import OrchestratorArgs
from orchestrators.waiting import Wait, client


def admit(
    name: str, service: str, args: OrchestratorArgs, *, port: int, after: pulumi.Resource, parent: pulumi.Resource
) -> "Answers":
    """`port` of the site's address as the service's one target; stands once the load balancer finds it healthy."""
    target, address = args.targets[service], str(args.site.address)
    attached = aws.lb.TargetGroupAttachment(
        name,
        target_group_arn=target.arn,
        target_id=address,
        port=port,
        # What AWS asks for an address outside of the VPC.
        availability_zone="all",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[after, target.parking_rule]),
    )
    return Answers(
        f"{name}-answers",
        region=args.region,
        target_group=target.arn,
        address=address,
        port=port,
        service=service,
        hint=(
            "The site's proxy has to run there and its firewall to admit the VPC (pulumi stack output "
            f"{args.placement.key}-proxy, docs/datacenter.md); then `pulumi up` again."
        ),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[attached]),
    )


class _AnswersProvider(Wait):
    asked = ("target_group", "address", "port")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from orchestrators.site.answers import wait  # noqa: PLC0415 - only the name goes into the pickle

        target = wait(
            client("elbv2", props["region"]),
            target_group=props["target_group"],
            address=props["address"],
            port=int(props["port"]),
            service=props["service"],
            hint=props["hint"],
        )
        return CreateResult(id_=target, outs=props)


class Answers(Resource, module="switchyard", name="SiteAnswers"):
    """Stands when the load balancer finds the site's proxy healthy for one service."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        target_group: pulumi.Input[str],
        address: str,
        port: int,
        service: str,
        hint: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "region": region,
            "target_group": target_group,
            "address": address,
            "port": port,
            "service": service,
            "hint": hint,
        }
        super().__init__(_AnswersProvider(), name, props, opts)
