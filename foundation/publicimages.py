"""Public images in the stack's own registry: copied there by `up`, or fetched by ECR when they are first pulled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build

from foundation.iam import policy
from foundation.names import Names
from foundation.references import Copy
from foundation.repository import login
from foundation.upstreams import Upstream

Make = Callable[[str, str], aws.ecr.Repository]
"""The repository for a resource's name and a physical one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Where the containers of the public image `source` pull it from; `repository` is an ARN."""

    source: str
    reference: pulumi.Output[str]
    repository: pulumi.Output[str]
    containers: tuple[str, ...]


def copied(name: str, images: Sequence[Copy], names: Names, make: Make, parent: pulumi.Resource) -> list[Held]:
    """With all platforms of the originals, by digest. `up` copies, and needs BuildKit."""
    made = {path: make(f"{name}-{_flat(path)}", names.of(path)) for path in sorted({image.path for image in images})}
    return [
        Held(
            source=image.source,
            reference=docker_build.Index(
                f"{name}-{_flat(image.path)}-{image.tag}",
                sources=[image.source],
                tag=pulumi.Output.concat(made[image.path].repository_url, ":", image.tag),
                push=True,
                registry=login(made[image.path], parent),
                opts=pulumi.ResourceOptions(parent=parent),
            ).ref,
            repository=made[image.path].arn,
            containers=image.containers,
        )
        for image in images
    ]


def cached(
    name: str,
    images: Sequence[tuple[Copy, Upstream]],
    account: pulumi.Input[str],
    make: Make,
    parent: pulumi.Resource,
) -> list[Held]:
    """By the tag or digest of the description. ECR asks the registry only for what it has not, as tags here do not
    move. The repositories stand before the first pull, so that nobody who pulls needs the right to make one.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    rules = {
        upstream: aws.ecr.PullThroughCacheRule(
            f"{name}-{upstream.label}",
            ecr_repository_prefix=upstream.prefix,
            upstream_registry_url=upstream.url,
            credential_arn=upstream.credentials,
            opts=opts,
        )
        for upstream in dict.fromkeys(upstream for _, upstream in images)
    }
    made: dict[str, aws.ecr.Repository] = {}
    held = []
    for image, upstream in images:
        label = f"{name}-{upstream.label}-{_flat(image.repository)}"
        if label not in made:
            made[label] = make(label, f"{upstream.prefix}/{image.repository}")
            _let_fetch(label, made[label], account, parent)
        url = pulumi.Output.all(made[label].repository_url, rules[upstream].id)[0]
        reference = pulumi.Output.concat(url, image.version)
        held.append(
            Held(
                source=image.source,
                reference=reference,
                repository=made[label].arn,
                containers=image.containers,
            )
        )
    return held


def _let_fetch(name: str, made: aws.ecr.Repository, account: pulumi.Input[str], parent: pulumi.Resource) -> None:
    """Whoever of this account may pull from the repository may have ECR fetch for it (AWS: "IAM permissions required to
    sync an upstream registry", Amazon ECR user guide).
    """
    aws.ecr.RepositoryPolicy(
        name,
        repository=made.name,
        policy=policy({
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "ecr:BatchImportUpstreamImage",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": account}},
        }),
        opts=pulumi.ResourceOptions(parent=parent),
    )  # fmt: skip


def _flat(path: str) -> str:
    return path.replace("/", "-")
