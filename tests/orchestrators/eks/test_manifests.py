"""The manifests as a whole: what an API server takes, what `restricted` lets through, the same bytes each time."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from orchestrators.documents import canonical, fill, refs
from orchestrators.eks.render import render
from orchestrators.eks.versions import SUPPORT
from settings import SiteSettings
from tests.orchestrators.eks.portal import (
    DATACENTER,
    EC2,
    FARGATE,
    MANAGED,
    NAMES,
    container,
    everything,
    example,
    portal,
    workload,
)
from tests.support.seeds import same_output
from workload.model import Scaling, Service

SITE = SiteSettings(networks=("192.168.0.0/24",), pods=("192.168.64.0/18",), address="192.168.0.10")
GOLDEN = Path(__file__).parent / "golden"
RENDERED = {
    "fargate": lambda: render(portal(), FARGATE, NAMES, MANAGED),
    "ec2": lambda: render(portal(), EC2, NAMES, MANAGED),
    "datacenter": lambda: render(portal(), DATACENTER, NAMES, MANAGED),
    "datacenter-proxied": lambda: render(portal(), DATACENTER, NAMES, MANAGED, site=SITE),
    "datacenter-unmanaged": lambda: render(portal(), DATACENTER, NAMES),
    "datacenter-everything": lambda: render(everything(), DATACENTER, NAMES),
    "ec2-unmanaged": lambda: render(portal(), EC2, NAMES),
    "fargate-everything": lambda: render(everything(), FARGATE, NAMES),
    "ec2-everything": lambda: render(everything(), EC2, NAMES),
}
PODS = {"Deployment", "StatefulSet", "Job"}


@cache
def rendered(case):
    return RENDERED[case]()


def pods(case):
    for document in rendered(case).core:
        if document["kind"] == "CronJob":
            yield document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif document["kind"] in PODS:
            yield document["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", [min(SUPPORT), max(SUPPORT)])
@pytest.mark.parametrize("case", RENDERED)
def test_every_core_manifest_keeps_the_schema_of_the_oldest_and_the_newest_version(case, version):
    for document in rendered(case).core:
        kubernetes_validate.validate(fill(document, example), version, strict=True)


@pytest.mark.parametrize("case", RENDERED)
def test_every_pod_passes_the_standard_restricted(case):
    """Kubernetes: Pod Security Standards, restricted; the fields that its controls name."""
    for spec in pods(case):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert {next(iter(set(volume) - {"name"})) for volume in spec.get("volumes", ())} <= {
            "configMap",
            "emptyDir",
            "secret",
        }
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in (*spec["containers"], *spec.get("initContainers", ())):
            context = each["securityContext"]
            assert context["runAsNonRoot"] is True
            assert context["runAsUser"] > 0
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"]["drop"] == ["ALL"]
            assert set(context["capabilities"].get("add", ())) <= {"NET_BIND_SERVICE"}
            assert not any("hostPort" in port for port in each.get("ports", ()))


@pytest.mark.parametrize("case", RENDERED)
def test_no_pod_gets_a_token_or_the_variables_of_other_services(case):
    for spec in pods(case):
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False


@pytest.mark.parametrize("case", RENDERED)
def test_every_volume_mount_has_its_volume(case):
    for document in rendered(case).core:
        if document["kind"] in PODS:
            spec = document["spec"]["template"]["spec"]
            claims = {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", ())}
            volumes = {volume["name"] for volume in spec.get("volumes", ())} | claims
            assert {m["name"] for c in spec["containers"] for m in c.get("volumeMounts", ())} == volumes


@pytest.mark.parametrize("case", RENDERED)
def test_no_two_objects_have_one_kind_and_name(case):
    documents = [fill(document, example) for group in (rendered(case).core, rendered(case).aws) for document in group]
    keys = [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("group", ["core", "aws"])
@pytest.mark.parametrize("compute", ["fargate", "ec2", "datacenter"])
def test_the_sample_renders_to_its_golden_manifests(compute, group):
    """SWITCHYARD_GOLDEN=write pytest tests/orchestrators/eks/test_manifests.py writes them anew."""
    documents = [fill(document, example) for document in getattr(rendered(compute), group)]
    text = yaml.safe_dump_all(documents, sort_keys=True, width=120)
    path = GOLDEN / compute / f"{group}.yaml"
    if os.environ.get("SWITCHYARD_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_the_bytes_do_not_depend_on_the_hash_seed():
    program = (
        "from tests.orchestrators.eks.portal import *\n"
        "from orchestrators.documents import canonical, fill\n"
        "from orchestrators.eks.render import render\n"
        "manifests = render(portal(), EC2, NAMES)\n"
        "print(canonical(fill([*manifests.core, *manifests.aws], example)))"
    )
    assert same_output(program)


def test_rendering_imports_no_pulumi():
    program = "import sys, orchestrators.eks.render; sys.exit('pulumi' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0


def test_five_hundred_services_render_within_a_second():
    services = [
        Service(
            container=container(f"s{number}", expose=(8000,)),
            links=(f"s{number - 1}",) if number else (),
            scaling=Scaling(min=2, max=4, cpu=60),
        )
        for number in range(500)
    ]
    large = workload(*services)
    begin = time.process_time()
    manifests = render(large, EC2, NAMES)
    assert time.process_time() - begin < 1
    assert sum(document["kind"] == "Deployment" for document in manifests.core) == 500


def test_what_is_managed_leaves_references_and_no_objects():
    manifests = render(portal(), EC2, NAMES, MANAGED)
    assert not [d for d in manifests.core if d["metadata"]["name"] in MANAGED]
    paths = {ref.path for document in manifests.core for ref in refs(document)}
    assert {"db.host", "db.port", "db.sslmode", "cache.host"} <= paths
    assert not {path for path in paths if path.startswith(("api.", "web."))}


def test_the_order_of_services_in_the_description_changes_no_object():
    described = portal()
    turned = replace(described, services=dict(reversed(described.services.items())))
    one, other = (render(each, EC2, NAMES, MANAGED) for each in (described, turned))
    assert {canonical(fill(d, example)) for d in one.core} == {canonical(fill(d, example)) for d in other.core}
