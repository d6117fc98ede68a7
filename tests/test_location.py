"""What AWS alone knows of where a network may stand: asked, and refused, before any resource is registered."""

from pathlib import Path

import grpc
import pulumi
import pytest

import stackfiles
from planning import answers
from planning.recording import Monitor, record
from tests.foundation.test_existing_vpc import VPC, ids

ROOT = Path(__file__).resolve().parent.parent
ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
THERE = f"network={{vpc: {VPC}, public: {list(ids(1))}, private: {list(ids(2))}, isolated: {list(ids(3))}}}"


@pytest.fixture
def refused(monkeypatch):
    """The reasons against the dev stack with these changes, and what was registered before they came."""
    registered = []
    register = Monitor.RegisterResource

    def noting(self, request):
        registered.append(request.type)
        return register(self, request)

    monkeypatch.setattr(Monitor, "RegisterResource", noting, raising=False)

    def run(*changes):
        project, config = stackfiles.read(ROOT, "dev", changes)
        with pytest.raises(pulumi.RunError) as caught:
            record(ROOT / "__main__.py", project=project, stack="dev", config=config)
        return str(caught.value), [type_ for type_ in registered if type_ != "pulumi:pulumi:Stack"]

    return run


def answering(monkeypatch, token, answer):
    monkeypatch.setattr(answers, "_ANSWERS", {**answers._ANSWERS, token: answer})


def test_a_zone_that_is_not_there_is_refused_with_every_other_reason_and_registers_nothing(refused, monkeypatch):
    answering(monkeypatch, ZONES, lambda _: {"names": ["us-east-1a"], "zoneIds": ["use1-az1"], "id": "us-east-1"})
    text, registered = refused("managed=[dbs]")
    assert "managed names 'dbs'" in text
    assert "network.zones is 2, but us-east-1 offers this account 1: us-east-1a" in text
    assert registered == []


def test_a_vpc_that_does_not_fit_is_refused_with_every_other_reason_and_registers_nothing(refused, monkeypatch):
    answering(monkeypatch, "aws:ec2/getSubnets:getSubnets", lambda _: {"ids": [], "id": "none"})
    text, registered = refused("managed=[dbs]", THERE)
    assert "managed names 'dbs'" in text
    assert text.count(f"is no subnet of {VPC}") == 6
    assert registered == []


class Unanswered(grpc.RpcError):
    """What the engine says when the provider of AWS fails."""

    def code(self):
        return grpc.StatusCode.UNKNOWN

    def details(self):
        return "no valid credential sources found"


def unanswered(_):
    raise Unanswered


def test_an_aws_that_does_not_answer_is_said_in_a_sentence(refused, monkeypatch):
    answering(monkeypatch, ZONES, unanswered)
    text, registered = refused()
    assert text.startswith("AWS did not say where the network may stand: ")
    assert "no valid credential sources found" in text
    assert registered == []


def test_an_aws_that_does_not_answer_hides_no_reason(refused, monkeypatch):
    answering(monkeypatch, ZONES, unanswered)
    text, _ = refused("managed=[dbs]")
    assert "managed names 'dbs'" in text
    assert "AWS did not say" not in text
