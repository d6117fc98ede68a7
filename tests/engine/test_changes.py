"""What a single change touches, as the engine sees it: exactly what is written here and nothing else."""

import re
from dataclasses import replace

import pytest

from tests.engine.observe import touched

SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ROLLOUT = "pulumi-python:dynamic/switchyard:Rollout"


@pytest.fixture(scope="module")
def stack(account):
    made = account.stack("dev")
    made.up()
    return made


@pytest.fixture
def change(account, stack):
    """Gives what the change touches, and takes the change back."""
    compose = account.folder / "compose.yaml"
    config = account.folder / "Pulumi.dev.yaml"
    before = compose.read_text(), config.read_text()

    def apply(*texts, **values):
        account.describe(*texts)
        account.configure("dev", values)
        return touched(stack)

    yield apply
    compose.write_text(before[0])
    config.write_text(before[1])


def replaced(name, type_):
    return {f"{verb} {name} ({type_})" for verb in ("create-replacement", "replace", "delete-replaced")}


def rolled(service):
    """A new revision, the service that takes it, the wait for it."""
    name = f"ecs-fargate-{service}"
    return replaced(name, TASK) | {f"update {name} ({SERVICE})"} | replaced(f"{name}-rollout", ROLLOUT)


def test_no_change_touches_nothing(change):
    assert change() == set()


def test_an_environment_variable_rolls_its_service_alone(change):
    assert change(
        ("      PORT: ${WEB_PORT:-8000}\n", "      PORT: ${WEB_PORT:-8000}\n      GREETING: hello\n")
    ) == rolled("web")


def test_another_deployment_strategy_keeps_the_rule_and_the_service(change):
    found = change((", requests: 600}", "}"), ecs={"deployment": "blue_green"})
    assert f"update ecs-fargate-web ({SERVICE})" in found
    assert "create edge-ecs-fargate-web-alternate (aws:lb/targetGroup:TargetGroup)" in found
    kept = {step for step in found if "routes-web" in step or step.endswith(f"ecs-fargate-web ({SERVICE})")}
    assert {step.partition(" ")[0] for step in kept} == {"update"}


def test_a_size_rolls_its_service_alone(change):
    found = change(
        ('limits: {cpus: "0.5", memory: 1G}\n    x-scaling', 'limits: {cpus: "1", memory: 2G}\n    x-scaling')
    )
    assert found == rolled("api")


def test_scaling_bounds_touch_the_scaling_target_alone(change):
    found = change(("x-scaling: {min: 1, max: 5, cpu: 70}", "x-scaling: {min: 1, max: 7, cpu: 70}"))
    assert found == {"update ecs-fargate-worker-scaling (aws:appautoscaling/target:Target)"}


def test_replicas_of_a_scaled_service_are_the_autoscalers_matter(change):
    workers = 'replicas: 1\n      resources:\n        limits: {cpus: "0.25", memory: 512M}\n    x-scaling'
    assert change((workers, workers.replace("replicas: 1", "replicas: 2"))) == set()


def test_a_new_image_runs_the_migration_and_rolls_what_uses_it(change):
    digest = f"example.com/portal@sha256:{'1' * 64}"
    found = change(images=dict.fromkeys(("web", "api", "worker", "migrate"), digest))
    run = replaced("ecs-fargate-migrate", TASK) | replaced(
        "ecs-fargate-migrate-run", "pulumi-python:dynamic/switchyard:JobRun"
    )
    assert run | rolled("web") | rolled("api") | rolled("worker") <= found
    rest = found - run - rolled("web") - rolled("api") - rolled("worker")
    # Nothing is built any more, so the repository goes, and with it the roles' rights to pull from it.
    assert all(re.search(r"delete images-|update .*RolePolicy\)", line) for line in rest), rest


def test_a_threshold_touches_its_alarm_alone(change):
    ingress = "    x-ingress: {port: 8000, path: /}\n"
    found = change((ingress, f"{ingress}    x-alarms: {{cpu: {{threshold: 91}}}}\n"))
    assert len(found) == 1
    assert re.fullmatch(r"update alerting-\S*web\S*cpu\S* \(aws:cloudwatch/metricAlarm:MetricAlarm\)", *found)


def test_a_secret_that_was_set_by_hand_rolls_its_clients_alone(change, account):
    (version,) = account.cloud.objects("aws:secretsmanager/secretVersion:SecretVersion")
    account.cloud.put(replace(version, outputs={**version.outputs, "versionId": "by-hand"}))
    run = replaced("ecs-fargate-migrate-run", "pulumi-python:dynamic/switchyard:JobRun")
    assert change() == replaced("ecs-fargate-migrate", TASK) | run | rolled("api") | rolled("worker")
    account.cloud.put(version)


MORE = """
  more:
    image: valkey/valkey:8
    user: "999:999"
    expose: ["6379"]
    deploy:
      resources:
        limits: {cpus: "0.25", memory: 512M}

secrets:
"""


def test_one_more_service_leaves_the_others_alone(change):
    found = change(("\nsecrets:\n", MORE))
    assert found
    assert all(line.startswith("create ") and "more" in line for line in found), found
