from foundation.check import problems
from settings import Compute, NetworkSettings, Orchestrator, Placement
from tests.foundation.portal import AT, container, portal, settings
from workload.model import Ingress, Service

FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)


def test_the_sample_is_accepted() -> None:
    assert list(problems(portal(), settings(FARGATE))) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rival = Service(container=container("rival"), ingress=Ingress(port=80, path="/" + "a" * 130))
    found = problems(
        portal(rival=rival), settings(FARGATE, managed=("bd",), network=NetworkSettings(cidr="8.8.0.0/16"))
    )
    assert [problem.removeprefix(f"{AT}: ").partition(" ")[0] for problem in found] == [
        "network.cidr",
        "x-ingress.path",
        "managed",
        "rival",
    ]
