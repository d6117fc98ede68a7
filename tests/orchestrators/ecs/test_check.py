"""What ECS has against a workload that its placement could carry otherwise."""

from orchestrators.ecs.check import problems
from settings import Compute, Orchestrator, Placement, load
from workload.model import Config, Grant, Position, Workload

PLACEMENT = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)


def test_more_configs_than_a_build_takes_are_refused_with_their_size(one):
    at = Position("compose.yaml", 9, 1)
    configs = {name: Config(name=name, at=at, content=b"x" * 300_000) for name in ("a", "b")}
    app = one(configs=(Grant(source="a", target="/a"), Grant(source="b", target="/b"))).services["app"]
    described = Workload(name="w", services={"app": app}, jobs={}, secrets={}, volumes={}, configs=configs)
    wanted = load({"aws:region": "eu-central-1"}, project="portal", stack="dev")
    assert [str(problem) for problem in problems(described, wanted, PLACEMENT)] == [
        (
            "compose.yaml:3:5: app: its configs and read-only files have 600000 bytes, and on ECS a container takes "
            "524288; copy the large ones into the image, or use the placement eks-fargate"
        )
    ]
