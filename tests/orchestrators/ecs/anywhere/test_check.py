"""What machines of one's own cannot do with some settings, in its exact words."""

import dataclasses

import pytest

from orchestrators.ecs.anywhere.check import problems
from settings import EcsSettings, Settings
from tests.orchestrators.ecs.anywhere.conftest import DATACENTER, SITE
from tests.orchestrators.ecs.conftest import python, sample
from workload.model import Mount, Scaling, Service, Workload

STACK = Settings(project="portal", stack="dev", region="eu-central-1", placements=(DATACENTER,), site=SITE)
DATA = (Mount(type="volume", source="data", target="/data"),)


def said(workload, settings=STACK):
    return [str(problem) for problem in problems(workload, settings)]


def services(**described):
    return Workload(name="one", services=described, jobs={}, secrets={}, configs={}, volumes={})


def test_the_sample_runs_on_three_machines():
    assert said(sample(), dataclasses.replace(STACK, managed=("db", "cache"))) == []
    assert said(sample()) == []


def test_two_services_on_one_port_are_refused():
    both = services(
        web=Service(container=python("web", expose=(8000,))), api=Service(container=python("api", expose=(8000,)))
    )
    assert said(both) == [
        (
            "compose.yaml:3:5: web and api both listen on port 8000, and the site's address holds each port once. "
            "Give one of them another port, or use the placement ecs-fargate."
        )
    ]
    assert said(both, dataclasses.replace(STACK, managed=("api",))) == []


def test_a_port_that_the_machine_holds_itself_is_refused():
    assert said(services(app=Service(container=python("app", expose=(22,))))) == [
        (
            "compose.yaml:3:5: app listens on port 22, which SSH holds on every machine of the site. Give it another "
            "port, or use the placement ecs-fargate."
        )
    ]


@pytest.mark.parametrize(
    ("service", "message"),
    [
        (
            Service(container=python("app"), replicas=3),
            (
                "compose.yaml:3:5: app wants 3 tasks, each on a machine of its own, and one machine free for a new "
                "version; site.machines is 3. Repair: pulumi config set --path site.machines 4 --stack dev, or "
                "`deploy.update_config: {order: stop-first}`, or use the placement ecs-fargate."
            ),
        ),
        (
            Service(
                container=python("app"),
                scaling=Scaling(min=5, max=9),
                update=dataclasses.replace(Service(container=python("app")).update, order="stop-first"),
            ),
            (
                "compose.yaml:3:5: app wants 5 tasks, each on a machine of its own; site.machines is 3. Repair: pulumi "
                "config set --path site.machines 5 --stack dev, or use the placement ecs-fargate."
            ),
        ),
        (
            Service(container=python("app", volumes=DATA), replicas=2),
            (
                "compose.yaml:3:5: app keeps data in a volume of one machine and wants 2 tasks, which would all "
                "write to it. Set `deploy.replicas` to 1."
            ),
        ),
    ],
)
def test_more_tasks_than_machines_are_refused(service, message):
    assert said(services(app=service)) == [message]


def test_there_is_no_spot_capacity_at_a_site():
    assert said(services(), dataclasses.replace(STACK, ecs=EcsSettings(spot=50))) == [
        (
            "ecs.spot: machines of one's own have no Spot capacity. Repair: pulumi config set --path ecs.spot 0 "
            "--stack dev, or use the placement ecs-fargate or ecs-ec2."
        )
    ]
