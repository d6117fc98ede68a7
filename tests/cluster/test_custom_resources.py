"""What EKS adds to the core folder, held by a real API server against the published shape of each custom resource."""

import copy

import pytest

from orchestrators.documents import fill
from orchestrators.eks.api import ApiError
from orchestrators.eks.render import render
from tests.cluster.definitions import SHAPES, definition
from tests.cluster.kube import until
from tests.orchestrators.eks.portal import DATACENTER, EC2, FARGATE, MANAGED, NAMES, example, portal

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMES.namespace}}
CUSTOM = [
    pytest.param(fill(document, example), id=f"{placement.key}-{document['kind']}-{number}")
    for placement in (FARGATE, EC2, DATACENTER)
    for number, document in enumerate(render(portal(), placement, NAMES, MANAGED).aws)
    if f"{document['apiVersion']}/{document['kind']}" in SHAPES
]


@pytest.fixture(scope="module", autouse=True)
def defined(kube):
    definitions = [definition(key, shape) for key, shape in SHAPES.items()]
    kube.apply(NAMESPACE, *definitions)
    until(lambda: all(map(established, (kube.api.get(kube.path(each)) for each in definitions))))
    yield
    kube.delete(*definitions, NAMESPACE)
    until(lambda: not kube.exists(NAMESPACE))


def established(definition):
    conditions = definition.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


def test_every_kind_of_custom_resource_is_among_them():
    rendered = {
        f"{d['apiVersion']}/{d['kind']}"
        for p in (FARGATE, EC2, DATACENTER)
        for d in render(portal(), p, NAMES, MANAGED).aws
    }
    plain = {"v1/ConfigMap", "v1/Namespace", "storage.k8s.io/v1/StorageClass"}
    assert rendered - plain == set(SHAPES)


@pytest.mark.parametrize("document", CUSTOM)
def test_the_api_server_takes_it(kube, document):
    kube.apply(document)
    assert kube.exists(document)


@pytest.mark.parametrize("document", CUSTOM)
def test_a_misspelt_field_would_be_refused(kube, document):
    """Else the shapes would let anything pass."""
    wrong = copy.deepcopy(document)
    wrong["spec"]["mispelt"] = "x"
    with pytest.raises(ApiError, match=r"field not declared in schema|unknown field"):
        kube.apply(wrong)
