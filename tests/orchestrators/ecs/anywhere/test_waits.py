"""Machines that join are waited for, and what is missing is said."""

import os
import subprocess
import sys

import boto3
import pytest
from botocore.stub import Stubber

from orchestrators.ecs.anywhere import joined
from orchestrators.ecs.anywhere.waits import _JoinedProvider
from orchestrators.ecs.failures import EcsError

MACHINE = "arn:aws:ecs:eu-central-1:111122223333:container-instance/portal-dev/{}"
SERIALIZE = """
from pulumi.dynamic.dynamic import serialize_provider
from orchestrators.ecs.anywhere.waits import _JoinedProvider
print(serialize_provider(_JoinedProvider()))
"""


def stubbed(service):
    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    return Stubber(session.client(service))


@pytest.fixture
def ecs():
    with stubbed("ecs") as stub:
        yield stub
        stub.assert_no_pending_responses()


def sees(ecs, count, which="agentConnected == true"):
    found = {"containerInstanceArns": [MACHINE.format(number) for number in range(count)]}
    ecs.add_response("list_container_instances", found, {"cluster": "portal-dev", "filter": which, "status": "ACTIVE"})


def join(ecs, volumes=(), **changes):
    hint = "Run the script."
    wanted = {"cluster": "portal-dev", "machines": 3, "volumes": volumes, "hint": hint, "sleep": lambda _: None}
    return joined.wait(ecs.client, **{**wanted, **changes})


def test_machines_are_waited_for_until_there_are_enough(ecs):
    sees(ecs, 1)
    sees(ecs, 3)
    assert join(ecs) == 3


def test_too_few_machines_say_how_one_joins(ecs):
    sees(ecs, 1)
    with pytest.raises(EcsError, match=r"^1 of 3 machines have joined the cluster portal-dev\. Run the script\.$"):
        join(ecs, patience=-1)


def test_a_volume_without_a_machine_is_named(ecs):
    sees(ecs, 3)
    sees(ecs, 0, "attribute:switchyard.volume.db exists")
    with pytest.raises(EcsError, match=r"^3 of 3 machines have joined the cluster portal-dev, and none keeps db\."):
        join(ecs, volumes=["db"], patience=-1)


def test_what_stands_is_asked_again_only_when_something_else_is_wanted():
    machines = {"cluster": "one", "machines": 3, "volumes": [], "hint": "a"}
    assert _JoinedProvider().diff("id", machines, {**machines, "hint": "b"}).changes is False
    assert _JoinedProvider().diff("id", machines, {**machines, "machines": 4}).replaces == ["machines"]


def test_two_processes_write_the_same_small_provider_into_the_state():
    seen = {
        subprocess.run(
            [sys.executable, "-c", SERIALIZE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    (pickles,) = seen
    assert all(len(pickle) < 200 for pickle in pickles.split())
