"""Which AWS services a stack without a NAT gateway has to reach, derived from what its placements and units call."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from foundation.references import containers, repository_arn
from foundation.site import in_vpc
from settings import NetworkSettings, Placement
from workload.model import Workload

_ALWAYS = ("ecr.api", "ecr.dkr", "logs")


def endpoints(
    workload: Workload, managed: Collection[str], placements: Sequence[Placement], called: Collection[str]
) -> tuple[str, ...]:
    """The interface endpoints, by the last part of their service name. S3 is not here: its gateway endpoint is free and
    stands in every stack.

    Images and logs always, secrets where a container mounts some, and what the own parts of the placements have
    `called`; none where every container runs at the site, whose way out is its own. Nothing in a VPC sends the alarms'
    mails, so none of Amazon SES.
    """
    if not in_vpc(placements):
        return ()
    secrets = any(container.secrets for container in containers(workload, managed))
    return tuple(sorted({*_ALWAYS, *called, *(("secretsmanager",) if secrets else ())}))


def problems(settings: NetworkSettings, prebuilt: Mapping[str, str]) -> Iterator[str]:
    """The images that cannot do without a way out."""
    if settings.egress != "endpoints":
        return
    for container, image in prebuilt.items():
        if repository_arn(image) is None:
            yield (
                f"images.{container} is {image}, which no task can pull, as network.egress is endpoints; push it to "
                "Amazon ECR and name it there. Or: pulumi config set --path network.egress nat"
            )
