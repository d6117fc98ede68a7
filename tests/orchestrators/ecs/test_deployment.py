"""Blue/green, linear and canary: what ECS is asked for, what the edge gives it, and where it is refused."""

import json
import os
from pathlib import Path

import botocore.session
import pulumi
import pytest
from botocore.validate import validate_parameters

import stackfiles
from orchestrators.documents import fill
from orchestrators.ecs.check import problems
from orchestrators.ecs.deployment import rollout_seconds, shifting_minutes
from orchestrators.ecs.links import Links
from orchestrators.ecs.service import service_document
from planning.recording import record
from settings import Compute, EcsSettings, Orchestrator, Placement, load
from tests.support import shapes
from workload.model import Ingress, Scaling, Update
from workload.text import Ref

ROOT = Path(__file__).parents[3]
SHIFTING = ("blue_green", "linear", "canary")
WITHOUT_REQUESTS = "services: {web: {x-scaling: !override {min: 2, max: 6, cpu: 60}}}"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The whole program with a deployment strategy, of the sample without its target of requests."""
    overlay = tmp_path_factory.mktemp("workload") / "overlay.yaml"
    overlay.write_text(WITHOUT_REQUESTS)
    files = json.dumps(["compose.yaml", os.path.relpath(overlay, ROOT)])

    def run(strategy):
        given = [f"workload={files}", f"ecs={json.dumps({'deployment': strategy})}"]
        project, config = stackfiles.read(ROOT, "dev", given)
        return record(ROOT / "__main__.py", project=project, stack="dev", config=config)

    return run


@pytest.fixture(scope="module")
def shifted(program):
    return program("blue_green")


def one(recording, name, kind):
    (found,) = [each for each in recording.resources if each.name == name and each.type.endswith(kind)]
    return found


def web(one, placement, names, values, strategy):
    workload = one({"ingress": Ingress(port=8000)}, expose=(8000,))
    document = service_document(
        workload.services["app"],
        placement,
        Links(workload, names),
        [Ref("subnet.private.0")],
        EcsSettings(deployment=strategy, bake_minutes=7),
    )
    return fill(document, values)


@pytest.mark.parametrize("strategy", SHIFTING)
def test_every_strategy_is_what_ecs_accepts_and_has_no_circuit_breaker(one, placement, names, values, strategy):
    document = web(one, placement, names, values, strategy)
    shape = botocore.session.get_session().get_service_model("ecs").operation_model("CreateService").input_shape
    validate_parameters(document, shape)
    configuration = document["deploymentConfiguration"]
    assert (configuration["strategy"], configuration["bakeTimeInMinutes"]) == (strategy.upper(), 7)
    assert "deploymentCircuitBreaker" not in configuration
    assert configuration["alarms"]["enable"]
    assert len(set(document["loadBalancers"][0]["advancedConfiguration"].values())) == 3


@pytest.mark.parametrize("strategy", SHIFTING)
def test_aws_knows_every_input_of_a_whole_stack_with_the_strategy(program, strategy):
    assert list(shapes.problems(program(strategy).resources)) == []


def test_the_up_has_patience_for_every_step_of_a_rolling_deployment(one):
    def seconds(**changes):
        return rollout_seconds(one(changes).services["app"], EcsSettings())

    at_once, by_one = Update(parallelism=0), Update(parallelism=1)
    assert seconds(replicas=20, update=at_once) == 1800 + 180
    assert seconds(replicas=20, update=by_one) == 1800 + 20 * 180


@pytest.mark.parametrize(("strategy", "minutes"), [("rolling", 0), ("blue_green", 7), ("linear", 67), ("canary", 17)])
def test_the_up_waits_for_as_long_as_the_strategy_does(one, strategy, minutes):
    service = one({"ingress": Ingress(port=8000)}, expose=(8000,)).services["app"]
    assert shifting_minutes(service, EcsSettings(deployment=strategy, bake_minutes=7)) == minutes


def test_the_service_gets_two_target_groups_a_rule_of_both_and_a_role(shifted):
    service = one(shifted, "ecs-fargate-web", "ecs/service:Service")
    (balancer,) = service.inputs["loadBalancers"]
    advanced = balancer["advancedConfiguration"]
    rule = one(shifted, "routes-web", "ListenerRule")
    (action,) = rule.inputs["actions"]
    weights = {group["arn"]: group["weight"] for group in action["forward"]["targetGroups"]}
    assert weights == {balancer["targetGroupArn"]: 100, advanced["alternateTargetGroupArn"]: 0}
    assert "routes-web" in advanced["productionListenerRule"]
    assert "ecs-fargate-web-shift" in advanced["roleArn"]
    assert any("web-shift" in urn for urn in service.depends_on)


def test_the_weights_are_ecs_s_in_the_ledger_and_left_alone(shifted):
    rule = one(shifted, "routes-web", "ListenerRule")
    assert list(rule.ignore_changes) == ["actions"]
    (owned,) = [entry for entry in shifted.exports["ledger"] if entry["resource"] == "routes-web"]
    assert (owned["field"], owned["owner"]) == ("actions", "Amazon ECS")


def test_the_guard_counts_the_requests_of_both_groups(shifted):
    alarm = one(shifted, "ecs-fargate-web-guard-errors", "MetricAlarm")
    groups = {
        query["metric"]["dimensions"]["TargetGroup"] for query in alarm.inputs["metricQueries"] if "metric" in query
    }
    assert len(groups) == 2
    assert alarm.inputs["metricQueries"][0]["expression"] == (
        "100 * (FILL(errors0, 0) + FILL(errors1, 0)) / (FILL(requests0, 0) + FILL(requests1, 0))"
    )


def test_a_service_without_an_ingress_is_rolled_and_the_plan_says_so(shifted):
    api = one(shifted, "ecs-fargate-api", "ecs/service:Service")
    assert api.inputs["deploymentConfiguration"]["strategy"] == "ROLLING"
    assert any(warning.startswith("api, worker: without x-ingress") for warning in shifted.warnings)


def test_there_is_one_rule_for_the_route_whoever_moves_its_weights(program, shifted):
    for recording in (program("rolling"), shifted):
        rules = [each for each in recording.resources if each.name == "routes-web"]
        assert [rule.inputs["priority"] for rule in rules] == [rules[0].inputs["priority"]]


def test_requests_per_target_cannot_be_counted_while_they_move():
    project, config = stackfiles.read(ROOT, "dev", ['ecs={"deployment":"canary"}'])
    with pytest.raises(pulumi.RunError) as refused:
        record(ROOT / "__main__.py", project=project, stack="dev", config=config)
    assert (
        "web scales by requests per target, which nothing counts while ecs.deployment canary moves them between two "
        "target groups; remove `requests` from `x-scaling`, or\n"
        "    pulumi config set --path ecs.deployment rolling --stack dev"
    ) in str(refused.value)


def refusals(workload, compute, **config):
    config = {f"portal:{key}": value for key, value in config.items()}
    wanted = load({"aws:region": "eu-central-1", **config}, project="portal", stack="dev")
    placement = Placement(orchestrator=Orchestrator.ECS, compute=compute)
    return [str(problem) for problem in problems(workload, wanted, placement)]


def test_two_placements_that_share_the_edge_s_weights_are_refused(one):
    placements = [{"orchestrator": "ecs", "compute": "fargate"}, {"orchestrator": "eks", "compute": "ec2"}]
    told = refusals(one(), Compute.FARGATE, ecs={"deployment": "linear"}, placements=placements)
    (reason,) = told
    assert reason == (
        "ecs.deployment: linear moves the weights of the edge, which ecs-fargate and eks-ec2 share; keep one "
        "placement, or\n    pulumi config set --path ecs.deployment rolling --stack dev"
    )


def test_a_site_whose_targets_ecs_does_not_register_is_refused(one):
    site = {"networks": ["192.168.0.0/24"], "address": "192.168.0.10", "transit_gateway": "tgw-0123456789abcdef0"}
    placements = [{"orchestrator": "ecs", "compute": "datacenter"}]
    assert refusals(one(), Compute.DATACENTER, ecs={"deployment": "canary"}, placements=placements, site=site) == [
        (
            "ecs.deployment: canary needs targets that ECS registers, and it registers no machines of one's own; use "
            "ecs-ec2, or\n    pulumi config set --path ecs.deployment rolling --stack dev"
        )
    ]


def test_a_service_that_does_not_scale_by_requests_is_not_refused(one):
    workload = one({"ingress": Ingress(port=8000), "scaling": Scaling(min=1, max=2, cpu=60)}, expose=(8000,))
    assert refusals(workload, Compute.FARGATE, ecs={"deployment": "blue_green"}) == []
