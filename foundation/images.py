"""The images of the workload: built and pushed here, given by CI, or public."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build

from foundation.names import Names
from foundation.references import Built, Copy, built, containers, copies, public, repository_arn
from workload.model import Workload

_KEPT = 50
_LIFECYCLE = json.dumps({
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Keep the newest {_KEPT}, so that earlier versions can be returned to",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT},
            "action": {"type": "expire"},
        }
    ]
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesArgs:
    """`prebuilt` are digest references from CI by container. With `copied` no image is pulled from outside of ECR."""

    workload: Workload
    managed: Sequence[str]
    names: Names
    key_arn: pulumi.Input[str]
    prebuilt: Mapping[str, str]
    copied: bool = False
    protect: bool
    tags: Mapping[str, str]


class Images(pulumi.ComponentResource):
    """One ECR repository and one image per distinct build; containers that say the same `image` and `build` share it.

    Images are pushed by digest, without a tag: nothing can be overwritten, and a deployment names exactly one content.
    Where CI gives the digest of any container that shares a build, nothing is built, so `up` needs no Docker.
    """

    references: Mapping[str, pulumi.Input[str]]
    """By container: a digest reference for what is built, prebuilt or copied, else the public image."""
    repositories: Mapping[str, pulumi.Input[str]]
    """By container: the ARN of the ECR repository that its image is in. Images of other registries are not here."""

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Images", name, None, opts)
        references: dict[str, pulumi.Input[str]] = {
            container.name: public(container.image)
            for container in containers(args.workload, args.managed)
            if container.image and not container.build
        }
        copied = copies(args.workload, args.managed, args.prebuilt) if args.copied else ()
        inside = {path: self._repository(f"{name}-{path.replace('/', '-')}", path, args) for path in _paths(copied)}
        references |= {each: self._copy(name, copy, inside[copy.path]) for copy in copied for each in copy.containers}
        references |= args.prebuilt
        repositories: dict[str, pulumi.Input[str]] = {
            name: arn for name, image in args.prebuilt.items() if (arn := repository_arn(image))
        }
        repositories |= {each: inside[copy.path].arn for copy in copied for each in copy.containers}
        for image in built(args.workload, args.managed):
            names = [each.name for each in image.containers]
            given = next((name for name in names if name in args.prebuilt), None)
            if given is None:
                repository, reference = self._build(f"{name}-{image.label}", image, args)
                references |= dict.fromkeys(names, reference)
                repositories |= dict.fromkeys(names, repository)
            else:
                shared = {each: given for each in names if each not in args.prebuilt}
                references |= {each: references[of] for each, of in shared.items()}
                repositories |= {each: repositories[of] for each, of in shared.items() if of in repositories}
        self.references = references
        self.repositories = repositories
        self.register_outputs({})

    def _build(self, name: str, image: Built, args: ImagesArgs) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The ARN of the repository, and the reference by digest of the image in it."""
        repository = self._repository(name, image.label, args)
        pushed = docker_build.Image(
            name,
            push=False,
            exports=[{"image": {"names": [repository.repository_url], "push": True, "push_by_digest": True}}],
            context={"location": str(image.build.context)},
            dockerfile={"location": str(Path(image.build.context, image.build.dockerfile))},
            build_args=dict(image.build.args),
            target=image.build.target,
            platforms=[docker_build.Platform.LINUX_AMD64],
            build_on_preview=False,
            registries=[self._login(repository)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return repository.arn, pulumi.Output.concat(repository.repository_url, "@", pushed.digest)

    def _copy(self, name: str, copy: Copy, repository: aws.ecr.Repository) -> pulumi.Output[str]:
        """The reference by digest of the copy, with all platforms of the original. `up` copies, and needs BuildKit."""
        copied = docker_build.Index(
            f"{name}-{copy.path.replace('/', '-')}-{copy.tag}",
            sources=[copy.source],
            tag=pulumi.Output.concat(repository.repository_url, ":", copy.tag),
            push=True,
            registry=self._login(repository),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return copied.ref

    def _login(self, repository: aws.ecr.Repository) -> docker_build.RegistryArgs:
        login = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return docker_build.RegistryArgs(
            address=repository.repository_url, username=login.user_name, password=login.password
        )

    def _repository(self, name: str, label: str, args: ImagesArgs) -> aws.ecr.Repository:
        repository = aws.ecr.Repository(
            name,
            name=args.names.of(label),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=not args.protect,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.ecr.LifecyclePolicy(
            name, repository=repository.name, policy=_LIFECYCLE, opts=pulumi.ResourceOptions(parent=self)
        )
        return repository


def _paths(copied: Sequence[Copy]) -> list[str]:
    return sorted({copy.path for copy in copied})
