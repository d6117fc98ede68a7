"""The images of the workload: built and pushed here, given by CI, or public."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pulumi
import pulumi_docker_build as docker_build

from foundation.ledger import Owned
from foundation.names import Names
from foundation.publicimages import cached, copied
from foundation.references import Built, built, containers, copies, mirrored, repository_arn
from foundation.repository import login, repository
from foundation.upstreams import cacheable
from settings import RegistrySettings
from workload.model import Workload

_CACHE = "cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesArgs:
    """`prebuilt` are digest references from CI by container. With `copied` no image is pulled from outside of ECR, not
    even by ECR, nor those of `addons`, public images that run beside the workload. Build contexts are named from
    `root`, so that every machine names them alike.
    """

    workload: Workload
    managed: Sequence[str]
    names: Names
    account: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    prebuilt: Mapping[str, str]
    registries: RegistrySettings
    root: Path
    copied: bool = False
    addons: Collection[str] = ()
    protect: bool
    tags: Mapping[str, str]


class Images(pulumi.ComponentResource):
    """One ECR repository and one image per distinct build; containers that say the same `image` and `build` share it.

    Images are pushed by digest, without a tag: nothing can be overwritten, and a deployment names exactly one content.
    Where CI gives the digest of any container that shares a build, nothing is built, so `up` needs no Docker. Public
    images are pulled through ECR where it knows their registry, or `copied` there by `up`.
    """

    references: Mapping[str, pulumi.Input[str]]
    """By container: a digest reference for what is built, prebuilt or copied, else the public image."""
    repositories: Mapping[str, pulumi.Input[str]]
    """By container: the ARN of the ECR repository that its image is in. Images of other registries are not here."""
    copies: Mapping[str, pulumi.Input[str]]
    """By public image of `addons`: the digest reference of its copy. Empty if nothing is `copied`."""
    ledger: Sequence[Owned]

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Images", name, None, opts)
        references: dict[str, pulumi.Input[str]] = {
            container.name: mirrored(container.image)
            for container in containers(args.workload, args.managed)
            if container.image and not container.build
        }
        public = copies(args.workload, args.managed, args.prebuilt, args.addons if args.copied else ())
        make = partial(repository, key_arn=args.key_arn, protect=args.protect, tags=args.tags, parent=self)
        held = (
            copied(name, public, args.names, make, self)
            if args.copied
            else cached(name, cacheable(public, args.registries, args.names), args.account, make, self)
        )
        references |= {each: image.reference for image in held for each in image.containers}
        self.copies = {image.source: image.reference for image in held if image.source in args.addons and args.copied}
        references |= args.prebuilt
        repositories: dict[str, pulumi.Input[str]] = {
            name: arn for name, image in args.prebuilt.items() if (arn := repository_arn(image))
        }
        repositories |= {each: image.repository for image in held for each in image.containers}
        for image in built(args.workload, args.managed):
            names = [each.name for each in image.containers]
            given = next((name for name in names if name in args.prebuilt), None)
            if given is None:
                arn_, reference = self._build(f"{name}-{image.label}", image, args)
                references |= dict.fromkeys(names, reference)
                repositories |= dict.fromkeys(names, arn_)
            else:
                shared = {each: given for each in names if each not in args.prebuilt}
                references |= {each: references[of] for each, of in shared.items()}
                repositories |= {each: repositories[of] for each, of in shared.items() if of in repositories}
        self.ledger = _owners(name, args)
        self.references = references
        self.repositories = repositories
        self.register_outputs({})

    def _build(self, name: str, image: Built, args: ImagesArgs) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The ARN of the repository, and the reference by digest of the image in it."""
        made = repository(
            name,
            args.names.of(image.label),
            key_arn=args.key_arn,
            protect=args.protect,
            tags=args.tags,
            parent=self,
            movable=_CACHE,
        )
        cache = pulumi.Output.concat(made.repository_url, ":", _CACHE)
        context = os.path.relpath(image.build.context, args.root)
        pushed = docker_build.Image(
            name,
            push=False,
            exports=[{"image": {"names": [made.repository_url], "push": True, "push_by_digest": True}}],
            context={"location": context},
            dockerfile={"location": os.path.join(context, image.build.dockerfile)},  # noqa: PTH118 (`./` stays)
            build_args=dict(image.build.args),
            target=image.build.target,
            platforms=[docker_build.Platform(platform) for platform in image.platforms],
            cache_from=[{"registry": {"ref": cache}}],
            # ECR takes a cache as an image of OCI's types alone.
            cache_to=[{"registry": {"ref": cache, "mode": docker_build.CacheMode.MAX, "image_manifest": True}}],
            build_on_preview=False,
            registries=[login(made, self)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.arn, pulumi.Output.concat(made.repository_url, "@", pushed.digest)


def _owners(name: str, args: ImagesArgs) -> list[Owned]:
    """Who decides which content each image has."""
    ci = "the stack's `images` name it; an `up` rolls it out"
    owned = [
        Owned(resource=f"{name}-{each}", field="digest", owner="CI", why=ci, applies=True) for each in args.prebuilt
    ]
    for image in built(args.workload, args.managed):
        if not any(each.name in args.prebuilt for each in image.containers):
            why = f"it builds {os.path.relpath(image.build.context, args.root)}, as the stack's `images` do not name it"
            owned.append(Owned(resource=f"{name}-{image.label}", field="digest", owner="`up`", why=why, applies=True))
    return owned
