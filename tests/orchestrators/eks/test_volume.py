"""Volumes of a site: each a folder of one machine, bound to one claim and to no other."""

from orchestrators.documents import fill
from orchestrators.eks.render import render
from orchestrators.eks.render.volume import site_label
from tests.orchestrators.eks.portal import DATACENTER, EC2, MANAGED, NAMES, example, portal


def objects(placement, kind, managed=()):
    return [fill(d, example) for d in render(portal(), placement, NAMES, managed).core if d["kind"] == kind]


def test_a_named_volume_is_a_folder_of_the_machine_with_its_label():
    (volume,) = objects(DATACENTER, "PersistentVolume")
    assert volume["spec"]["local"] == {"path": "/var/lib/switchyard/volumes/db"}
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": site_label("db"), "operator": "Exists"}]


def test_it_is_for_the_claim_of_the_services_one_pod():
    (volume,), (database,) = objects(DATACENTER, "PersistentVolume"), objects(DATACENTER, "StatefulSet")
    (claim,) = database["spec"]["volumeClaimTemplates"]
    assert volume["spec"]["claimRef"] == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": database["metadata"]["namespace"],
        "name": f"{claim['metadata']['name']}-{database['metadata']['name']}-0",
    }
    assert volume["spec"]["storageClassName"] == claim["spec"]["storageClassName"]
    assert volume["spec"]["capacity"] == claim["spec"]["resources"]["requests"]


def test_nothing_takes_the_data_away():
    (volume,), (class_,) = objects(DATACENTER, "PersistentVolume"), objects(DATACENTER, "StorageClass")
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == class_["reclaimPolicy"] == "Retain"


def test_a_site_that_keeps_nothing_and_the_cloud_have_none_of_them():
    assert not objects(DATACENTER, "StorageClass", MANAGED)
    assert not objects(EC2, "PersistentVolume")
