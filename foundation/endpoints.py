"""Which AWS services a stack without a NAT gateway has to reach, derived from what its placements and units call."""

from collections.abc import Collection, Iterator, Mapping

from foundation.references import containers, repository_arn
from settings import NetworkSettings
from workload.model import Workload

_ALWAYS = ("ecr.api", "ecr.dkr", "logs")


def endpoints(workload: Workload, managed: Collection[str], called: Collection[str]) -> tuple[str, ...]:
    """The interface endpoints, by the last part of their service name. S3 is not here: its gateway endpoint is free and
    stands in every stack.

    Images and logs always, secrets where a container mounts some, and what the own parts of the placements have
    `called`. Nothing in a VPC sends the alarms' mails, so none of Amazon SES.
    """
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
