"""Every input of the whole program, on all six placements, held against the shapes of AWS's own API."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import stackfiles
from planning.recording import record
from planning.resources import Recording
from tests.support.shapes import problems

ROOT = Path(__file__).resolve().parent.parent
SITE = {"networks": ["192.168.0.0/24"], "pods": ["192.168.64.0/18"], "address": "192.168.0.10"}
TRANSIT, VPN = {**SITE, "transit_gateway": f"tgw-{'0' * 17}"}, {**SITE, "vpn_gateway": "vgw-01234567"}
HUB = {"docker_hub": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf"}
NAMED = {"domain": "portal.example.com", "zone": "Z0123456789ABCDEFGHIJ", "sticky": 60}
STACKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    # Every placement, with settings under which each kind of resource is made once at least.
    "ecs-fargate": ("dev", {"managed": ["db"], "ecs": {"spot": 50, "exec": True}, "registries": HUB}),
    "ecs-ec2": ("prod", {"network": {"egress": "endpoints"}}),
    "ecs-datacenter": ("prod", {"site": TRANSIT}),
    "eks-fargate": ("dev", {"edge": NAMED, "network": {"egress": "endpoints"}}),
    "eks-ec2": ("prod", {"cluster": {"spot": True, "admins": ["arn:aws:iam::123456789012:role/operators"]}}),
    "eks-datacenter": ("prod", {"site": VPN}),
}


@pytest.fixture(scope="module", params=STACKS)
def recording(request: pytest.FixtureRequest) -> Recording:
    stack, changed = STACKS[request.param]
    orchestrator, _, compute = request.param.partition("-")
    changes = [f"orchestrator={orchestrator}", f"compute={compute}"]
    project, config = stackfiles.read(
        ROOT, stack, [*changes, *(f"{key}={json.dumps(v)}" for key, v in changed.items())]
    )
    return record(ROOT / "__main__.py", project=project, stack=stack, config=config)


def test_aws_knows_every_input_and_takes_its_value(recording: Recording) -> None:
    assert list(problems(recording.resources)) == []
