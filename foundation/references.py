"""Image references, as data: which images are built, under which names, and where public ones are pulled from."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from workload.errors import Problem
from workload.model import Build, Container, Workload

_DOCKER_HUB = "docker.io"
_OFFICIAL = "library"
_MIRROR = "public.ecr.aws"
_MIRRORED = {_OFFICIAL: f"{_MIRROR}/docker/library", "valkey": f"{_MIRROR}/valkey"}


_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One image that is built, for all containers that say the same `image` and `build`."""

    label: str
    build: Build
    containers: tuple[Container, ...] = field(default=())

    @property
    def platforms(self) -> tuple[str, ...]:
        """`linux/amd64` and `linux/arm64`, as far as containers ask for them (Compose `platform`)."""
        return tuple(sorted({platform(container) for container in self.containers}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One public image that several containers may run. A copy of the stack's own is called `path` and `tag`; `version`
    is how the image is asked for in its `registry`, as `:tag` or `@digest`, and `repository` its name there.
    """

    source: str
    registry: str
    repository: str
    version: str
    path: str
    tag: str
    containers: tuple[str, ...]


def containers(workload: Workload, managed: Collection[str]) -> Iterator[Container]:
    """Every container that runs in a cluster: services that are not managed, jobs, and their sidecars."""
    for name, unit in workload.units.items():
        if name not in managed:
            yield from unit.containers


def built(workload: Workload, managed: Collection[str]) -> tuple[Built, ...]:
    """The distinct builds in order of the description, each for every platform that one of its containers asks for."""
    groups: dict[tuple[object, ...], list[Container]] = {}
    for container in containers(workload, managed):
        if container.build:
            groups.setdefault(_identity(container, container.build), []).append(container)
    return tuple(
        Built(label=_label(first), build=first.build, containers=(first, *others))
        for first, *others in groups.values()
        if first.build
    )


def copies(
    workload: Workload, managed: Collection[str], prebuilt: Mapping[str, str], more: Collection[str] = ()
) -> tuple[Copy, ...]:
    """The public images that a stack's own registry can hold, in order of the description, and `more` that no container
    of it runs.
    """
    users: dict[str, list[str]] = {}
    for container in containers(workload, managed):
        if container.image and not container.build and container.name not in prebuilt:
            source = mirrored(container.image)
            if repository_arn(source) is None:
                users.setdefault(source, []).append(container.name)
    for source in sorted(more):
        users.setdefault(source, [])
    return tuple(_copy(source, names) for source, names in users.items())


def _copy(source: str, names: list[str]) -> Copy:
    name, _, digest = source.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, "latest"
    registry, namespace, image = _parts(path)
    return Copy(
        source=source,
        registry=registry,
        repository=f"{namespace}/{image}",
        version=f"@{digest}" if digest else f":{tag}",
        path=path.removeprefix(f"{_MIRROR}/"),
        tag=digest.replace(":", "-") if digest else tag,
        containers=tuple(names),
    )


def platform(container: Container) -> str:
    """What its image is built for, as BuildKit says it."""
    return f"linux/{container.architecture}"


def problems(workload: Workload, managed: Collection[str], prebuilt: Mapping[str, str]) -> Iterator[Problem]:
    """Containers without an image, different builds of one name, and prebuilt images of nothing."""
    known = list(containers(workload, managed))
    for container in known:
        if not container.image and not container.build:
            yield Problem(container.at, f"{container.name} has neither image nor build; give it one")
    first: dict[str, Built] = {}
    for each in built(workload, managed):
        other = first.setdefault(each.label, each)
        if other is not each:
            yield Problem(
                each.containers[0].at,
                f"{each.containers[0].name} and {other.containers[0].name} build different images under the one name "
                f"{each.label!r}; give one of them another image",
            )
    names = sorted(container.name for container in known)
    for name in sorted(set(prebuilt) - set(names)):
        yield Problem(None, f"images.{name} names no container that runs here; allowed are {', '.join(names)}")


def mirrored(reference: str) -> str:
    """Where AWS pulls a public image from: Docker's official images and Valkey's from their exact copies in Amazon ECR
    Public, as Docker Hub counts the anonymous pulls of all tasks behind one NAT address together and soon refuses.
    No cache of our own is needed for that, nor its rights and credentials. Anything else is pulled from where it is.
    """
    registry, namespace, rest = _parts(reference)
    if registry == _DOCKER_HUB and namespace in _MIRRORED:
        return f"{_MIRRORED[namespace]}/{rest}"
    return reference


def _parts(reference: str) -> tuple[str, str, str]:
    """Registry, namespace and the rest (with tag or digest), as Docker completes a short reference."""
    first, slash, rest = reference.partition("/")
    if not slash:
        return _DOCKER_HUB, _OFFICIAL, reference
    if "." in first or ":" in first or first == "localhost":
        registry, (namespace, _, name) = first, rest.rpartition("/")
        return registry, namespace or _OFFICIAL, name
    namespace, _, name = reference.rpartition("/")
    return _DOCKER_HUB, namespace, name


def _label(container: Container) -> str:
    """The last part of the image's name, without tag; else the container's name."""
    if not container.image:
        return container.name
    return container.image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _identity(container: Container, build: Build) -> tuple[object, ...]:
    return (
        container.image or container.name,
        build.context,
        build.dockerfile,
        tuple(sorted(build.args.items())),
        build.target,
    )


def repository_arn(image: str) -> str | None:
    """The ARN of the ECR repository that an image reference is in; None for an image of another registry."""
    found = _ECR.match(image)
    if found is None:
        return None
    region = found["region"]
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:ecr:{region}:{found['account']}:repository/{found['repository']}"
