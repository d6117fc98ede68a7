"""Public registries that Amazon ECR can cache: what is pulled through it, and with which credentials."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foundation.names import Names
from foundation.references import Copy
from settings import RegistrySettings, Settings

_PREFIX_LIMIT = 30  # AWS: ecrRepositoryPrefix of CreatePullThroughCacheRule, Amazon ECR API reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """`url` is how ECR names it, `label` what it is called here. `account` is the field of `RegistrySettings` with its
    credentials, without which ECR caches nothing of it.
    """

    label: str
    url: str
    account: str | None = None

    def credentials(self, settings: RegistrySettings) -> str | None:
        return getattr(settings, self.account) if self.account else None


# AWS: "Sync an upstream registry with an Amazon ECR private registry", Amazon ECR user guide.
_REGISTRIES = {
    "public.ecr.aws": Registry(label="aws", url="public.ecr.aws"),
    "quay.io": Registry(label="quay", url="quay.io"),
    "registry.k8s.io": Registry(label="k8s", url="registry.k8s.io"),
    "docker.io": Registry(label="hub", url="registry-1.docker.io", account="docker_hub"),
    "ghcr.io": Registry(label="github", url="ghcr.io", account="github"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A registry as one stack caches it: under `prefix`, with the secret `credentials`, if it needs one."""

    label: str
    url: str
    prefix: str
    credentials: str | None


def cacheable(images: Sequence[Copy], settings: RegistrySettings, names: Names) -> tuple[tuple[Copy, Upstream], ...]:
    """The public images that ECR can hold for a stack with a way out. The others are pulled from where they are."""
    return tuple(
        (
            image,
            Upstream(
                label=registry.label,
                url=registry.url,
                prefix=names.of(registry.label, limit=_PREFIX_LIMIT),
                credentials=registry.credentials(settings),
            ),
        )
        for image in images
        if (registry := _REGISTRIES.get(image.registry))
        and (registry.account is None or registry.credentials(settings))
    )


def problems(settings: Settings) -> Iterator[str]:
    """Credentials that lie where ECR does not look for them, or that nothing would ask for."""
    for registry in _REGISTRIES.values():
        secret, key = registry.credentials(settings.registries), f"registries.{registry.account}"
        region = secret.split(":")[3] if secret else settings.region
        if region != settings.region:
            yield (
                f"{key} is a secret in {region}; the cache of {settings.region} takes those of its own region. "
                f"Repair: aws secretsmanager replicate-secret-to-regions --secret-id {secret} "
                f"--add-replica-regions Region={settings.region}"
            )
        if secret and settings.network.egress == "endpoints":
            yield (
                f"{key} has no use with network.egress endpoints: public images are copied from where `up` runs. "
                f"Repair: pulumi config rm --path {key} --stack {settings.stack}"
            )
