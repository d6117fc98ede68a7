"""Volumes that outlive their pods: encrypted EBS disks in the cloud, directories of one pinned machine at a site."""

from collections.abc import Iterable

from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import Scene
from workload.model import Service

EBS_CLASS = "encrypted"
SITE_CLASS = "site"
DEFAULT_SIZE = "20Gi"

SITE_FOLDER = "/var/lib/switchyard/volumes"
"""Where a machine of the site keeps the volumes that are pinned to it."""


def named_volumes(service: Service) -> tuple[str, ...]:
    """The volumes of a service that have a name, each once."""
    return tuple(
        dict.fromkeys(
            mount.source for c in service.containers for mount in c.volumes if mount.type == "volume" and mount.source
        )
    )


def kept(services: Iterable[Service]) -> list[tuple[Service, str]]:
    """Every volume that has to survive, with the service that it belongs to."""
    return [(service, volume) for service in services if service.stateful for volume in named_volumes(service)]


def claim(scene: Scene, service: Service, volume: str) -> Document:
    """What a StatefulSet asks for; `driver_opts: {size: 50Gi}` says how much."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": object_name("data", volume), "labels": scene.labels(service.name)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": SITE_CLASS if scene.datacenter else EBS_CLASS,
            "resources": {"requests": {"storage": _size(scene, volume)}},
        },
    }


def ebs_class() -> Document:
    """Encrypted gp3 volumes of Auto Mode, made in the zone of the pod, which outlive their claim."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": EBS_CLASS},
        "provisioner": "ebs.csi.eks.amazonaws.com",
        "parameters": {"type": "gp3", "encrypted": "true"},
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Retain",
        "allowVolumeExpansion": True,
    }


def site_volumes(scene: Scene) -> list[Document]:
    """The class without a provisioner and a volume for each claim: nothing at a site makes disks by itself."""
    volumes = [_site_volume(scene, service, volume) for service, volume in kept(scene.services)]
    return [_site_class(), *volumes] if volumes else []


def site_label(volume: str) -> str:
    """The label of the machine that keeps the volume."""
    return f"switchyard/{object_name('volume', volume)}"


def site_folder(volume: str) -> str:
    return f"{SITE_FOLDER}/{object_name(volume)}"


def _site_class() -> Document:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": SITE_CLASS},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Retain",
    }


def _site_volume(scene: Scene, service: Service, volume: str) -> Document:
    """A folder of the machine with the volume's label, for this one claim and no other."""
    claim_name = f"{object_name('data', volume)}-{object_name(service.name)}-0"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{scene.namespace}-{claim_name}", "labels": scene.labels(service.name)},
        "spec": {
            "capacity": {"storage": _size(scene, volume)},
            "accessModes": ["ReadWriteOnce"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": SITE_CLASS,
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": scene.namespace,
                "name": claim_name,
            },
            "local": {"path": site_folder(volume)},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": site_label(volume), "operator": "Exists"}]},
                    ]
                }
            },
        },
    }


def _size(scene: Scene, volume: str) -> str:
    return scene.workload.volumes[volume].driver_opts.get("size", DEFAULT_SIZE)
