"""Secrets and configs as files for pods."""

import base64

from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import Scene, config_object, secret_object
from workload.model import Config
from workload.text import Ref

STORE = "secrets-manager"


def used_secrets(scene: Scene) -> tuple[str, ...]:
    """The secrets that a container here mounts; those of managed services alone stay outside of the cluster."""
    return tuple(sorted({grant.source for unit in scene.units for c in unit.containers for grant in c.secrets}))


def plain_secret(scene: Scene, secret: str) -> Document:
    """For any cluster: a Secret to fill."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": scene.metadata(secret_object(secret)),
        "type": "Opaque",
        "stringData": {"value": Ref(f"secret_value.{secret}")},
    }


def secret_store(scene: Scene) -> Document:
    """Secrets Manager, read with the operator's own role: no credential stands in the cluster."""
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": scene.metadata(STORE),
        "spec": {"provider": {"aws": {"service": "SecretsManager", "region": Ref("region")}}},
    }


def external_secret(scene: Scene, secret: str) -> Document:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": scene.metadata(secret_object(secret)),
        "spec": {
            "refreshPolicy": "Periodic",
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "SecretStore", "name": STORE},
            "target": {"name": secret_object(secret), "creationPolicy": "Owner"},
            "data": [{"secretKey": "value", "remoteRef": {"key": Ref(f"secret.{secret}")}}],
        },
    }


def used_configs(scene: Scene) -> tuple[Config, ...]:
    names = sorted({grant.source for unit in scene.units for c in unit.containers for grant in c.configs})
    return tuple(scene.workload.configs[name] for name in names)


def config_map(scene: Scene, config: Config) -> Document:
    """Immutable, named by its content. Text stays readable, anything else goes as base64."""
    try:
        content: Document = {"data": {"value": config.content.decode()}}
    except UnicodeDecodeError:
        content = {"binaryData": {"value": base64.b64encode(config.content).decode()}}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": scene.metadata(config_object(config.name, config.content)),
        "immutable": True,
        **content,
    }


def service_account(scene: Scene, unit: str) -> Document:
    """One per unit, without rights and without a token."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": scene.metadata(object_name(unit), unit),
        "automountServiceAccountToken": False,
    }
