from foundation.check import problems
from settings import Compute, NetworkSettings, Orchestrator, Placement, Settings
from tests.foundation.portal import container, portal
from workload.model import Ingress, Service

FARGATE = (Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE),)


def settings(**changed: object) -> Settings:
    fields: dict[str, object] = {"managed": ("db", "cache"), **changed}
    return Settings(project="portal", stack="test", region="eu-central-1", placements=FARGATE, **fields)  # type: ignore[arg-type]


def test_the_sample_is_accepted() -> None:
    assert problems(portal(), settings()) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rival = Service(container=container("rival"), ingress=Ingress(port=80))
    found = problems(portal(rival=rival), settings(managed=("bd",), network=NetworkSettings(cidr="8.8.0.0/16")))
    assert [problem.message.partition(" ")[0] for problem in found] == ["network.cidr", "x-ingress", "managed", "rival"]
