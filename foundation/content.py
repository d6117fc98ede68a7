"""Configs on ECS, which mounts no files into a task: a layer of files on the container's image."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker_build as docker_build

from foundation.names import Names
from foundation.references import containers, platform
from foundation.repository import login, repository
from settings import Orchestrator, Placement
from workload.model import Container, Workload

_MAKER = "public.ecr.aws/docker/library/busybox:1.37"
_PART = 48_000  # letters of base64 in one line, of which a Dockerfile takes 65,535; a multiple of four


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentArgs:
    """`references` and `repositories` are those of the images below; `prebuilt` names those that CI gives."""

    workload: Workload
    managed: Sequence[str]
    placements: Sequence[Placement]
    names: Names
    references: Mapping[str, pulumi.Input[str]]
    repositories: Mapping[str, pulumi.Input[str]]
    prebuilt: Mapping[str, str]
    key_arn: pulumi.Input[str]
    protect: bool
    tags: Mapping[str, str]


class Content(pulumi.ComponentResource):
    """An image with its configs for every container on ECS that has some. EKS mounts them as ConfigMaps.

    Pushed by digest, which changes with the content. `up` builds the layer even where CI gives the image below.
    """

    references: Mapping[str, pulumi.Input[str]]
    repositories: Mapping[str, pulumi.Input[str]]

    def __init__(self, name: str, args: ContentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Content", name, None, opts)
        references, repositories = dict(args.references), dict(args.repositories)
        layered = [each for each in containers(args.workload, args.managed) if each.configs]
        if any(placement.orchestrator is Orchestrator.ECS for placement in args.placements):
            for container in layered:
                repositories[container.name], references[container.name] = self._layer(name, container, args)
                if container.name in args.prebuilt:
                    pulumi.log.warn(
                        f"{container.name} has configs, which become a layer on CI's image: `up` builds it, and needs "
                        "BuildKit",
                        self,
                    )
        self.references, self.repositories = references, repositories
        self.register_outputs({})

    def _layer(
        self, name: str, container: Container, args: ContentArgs
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The ARN of the repository, and the reference by digest of the image in it."""
        label = f"{name}-{container.name}"
        made = repository(
            label,
            args.names.of("content", container.name),
            key_arn=args.key_arn,
            protect=args.protect,
            tags=args.tags,
            parent=self,
        )
        base = pulumi.Output.from_input(args.references[container.name])
        pushed = docker_build.Image(
            label,
            push=False,
            exports=[{"image": {"names": [made.repository_url], "push": True, "push_by_digest": True}}],
            dockerfile={"inline": base.apply(lambda image: dockerfile(image, container, args.workload))},
            platforms=[docker_build.Platform(platform(container))],
            build_on_preview=False,
            registries=[login(made, self)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.arn, pulumi.Output.concat(made.repository_url, "@", pushed.digest)


def dockerfile(image: str, container: Container, workload: Workload) -> str:
    """The files of the container's configs on `image`, byte for byte, with the owner and mode that they are granted.

    Another image decodes them, as `image` may have no shell. No line needs a newer frontend than BuildKit's own, which
    would be pulled from Docker Hub at every build.
    """
    maker, layer = [f"FROM {_MAKER} AS files"], [f"FROM {image}"]
    for number, grant in enumerate(container.configs):
        encoded = base64.b64encode(workload.configs[grant.source].content).decode()
        parts = [encoded[start : start + _PART] for start in range(0, len(encoded), _PART)] or [""]
        maker += [f"RUN printf %s '{part}' | base64 -d >> /{number}" for part in parts]
        owner = f"{grant.uid or 0}:{grant.gid or 0}"
        mode = 0o444 if grant.mode is None else grant.mode
        layer.append(f"COPY --from=files --chown={owner} --chmod={mode:04o} {_paths(number, grant.target)}")
    return "\n".join([*maker, *layer, ""])


def _paths(number: int, target: str) -> str:
    """COPY's two paths; it takes quotes and variables out of what JSON has said, unless they are escaped."""
    return json.dumps([f"/{number}", re.sub(r"([\\\"'$])", r"\\\1", target)])
