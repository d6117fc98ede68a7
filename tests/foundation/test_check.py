from foundation.check import problems
from settings import Compute, NetworkSettings, Orchestrator, Placement, RegistrySettings, SiteSettings
from tests.foundation.portal import AT, container, portal, settings
from workload.model import Ingress, Service

FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
ELSEWHERE = "arn:aws:secretsmanager:us-east-1:111122223333:secret:ecr-pullthroughcache/hub-AbCdEf"


def test_the_sample_is_accepted() -> None:
    assert list(problems(portal(), settings(FARGATE))) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """One reason at least of every check."""
    rival = Service(container=container("rival"), ingress=Ingress(port=80, path="/" + "a" * 130))
    wrong = settings(
        FARGATE,
        managed=("db", "bd"),
        network=NetworkSettings(cidr="8.8.0.0/16", egress="endpoints", public=("subnet-01234567",)),
        site=SiteSettings(networks=("192.168.0.0/24",)),
        images={"web": f"ghcr.io/us/web@sha256:{'0' * 64}"},
        registries=RegistrySettings(docker_hub=ELSEWHERE),
        lose=("db@rds/portal/portal/eu-central-1/8.8.0.0/16",),
    )
    found = problems(portal(rival=rival), wrong)
    assert [problem.removeprefix(f"{AT}: ").partition(" ")[0] for problem in found] == [
        "network.cidr",
        "network.public",
        "site",
        "images.web",
        "registries.docker_hub",
        "registries.docker_hub",
        "lose",
        "x-ingress.path",
        "managed",
        "rival",
    ]
