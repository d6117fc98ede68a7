"""Runs and rollouts tell the truth: against botocore's own stubs, which check each request and answer."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import ANY, Stubber

from orchestrators.ecs import rollout, run_task
from orchestrators.ecs.failures import EcsError
from orchestrators.ecs.waits import _RolloutProvider
from tests.support.seeds import same_output

OLD, NEW = (f"arn:aws:ecs:eu-central-1:111122223333:task-definition/portal-api:{n}" for n in (6, 7))
TASK = "arn:aws:ecs:eu-central-1:111122223333:task/portal-dev/0123456789abcdef"
AT = datetime(2026, 11, 26, tzinfo=UTC)
REQUEST = {"cluster": "portal-dev", "taskDefinition": NEW}


@pytest.fixture(scope="module")
def clients():
    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    return session.client("ecs"), session.client("logs")


@pytest.fixture
def stubs(clients):
    ecs, logs = map(Stubber, clients)
    with ecs, logs:
        yield ecs, logs
        ecs.assert_no_pending_responses()
        logs.assert_no_pending_responses()


def deployment(revision, status="PRIMARY", state="IN_PROGRESS", reason="", running=0):
    return {
        "id": f"ecs-svc/{revision[-1]}",
        "status": status,
        "taskDefinition": revision,
        "rolloutState": state,
        "rolloutStateReason": reason,
        "desiredCount": 2,
        "runningCount": running,
    }


def task(status="STOPPED", code=None, reason=None, stopped="Essential container in task exited", definition=NEW):
    container = {"name": "migrate", "lastStatus": status}
    if code is not None:
        container["exitCode"] = code
    if reason:
        container["reason"] = reason
    return {
        "taskArn": TASK,
        "taskDefinitionArn": definition,
        "lastStatus": status,
        "stoppedReason": stopped,
        "containers": [container],
    }


def wait(ecs, **changes):
    asked = {"cluster": "portal-dev", "service": "api", "task_definition": NEW, "timeout": 1800, **changes}
    return rollout.wait(ecs.client, sleep=lambda _: None, **asked)


def sees(ecs, *deployments, newest=None):
    """`newest` is the status of the last service deployment, after one that was well."""
    revisions = [{"arn": "arn:aws:ecs:eu-central-1:111122223333:service-revision/portal-dev/api/1"}] if newest else []
    ecs.add_response(
        "describe_services",
        {"services": [{"serviceName": "api", "deployments": list(deployments), "currentServiceRevisions": revisions}]},
        {"cluster": "portal-dev", "services": ["api"]},
    )
    if newest:
        last = {"createdAt": AT, "status": newest, "statusReason": "Service deployment rolled back."}
        before = {"createdAt": AT - timedelta(hours=1), "status": "SUCCESSFUL"}
        asked = {"cluster": "portal-dev", "service": "api"}
        ecs.add_response("list_service_deployments", {"serviceDeployments": [before, last]}, asked)


def stopped(ecs, *tasks):
    ecs.add_response("list_tasks", {"taskArns": [TASK] * len(tasks)}, {**ANY_SERVICE, "desiredStatus": "STOPPED"})
    if tasks:
        ecs.add_response("describe_tasks", {"tasks": list(tasks)}, {"cluster": "portal-dev", "tasks": ANY})


ANY_SERVICE = {"cluster": "portal-dev", "serviceName": "api"}


def test_a_rollout_stands_once_the_asked_revision_is_complete(stubs):
    ecs, _ = stubs
    sees(ecs, deployment(NEW), deployment(OLD, "ACTIVE", "COMPLETED"))
    sees(ecs, deployment(NEW, state="COMPLETED", running=2))
    assert wait(ecs) == "ecs-svc/7"


def test_a_rolled_back_deployment_is_a_failure_with_the_reasons_of_its_own_stopped_tasks(stubs):
    ecs, _ = stubs
    sees(
        ecs,
        deployment(OLD, state="COMPLETED", running=2),
        deployment(NEW, "INACTIVE", "FAILED", "tasks failed to start."),
    )
    stopped(
        ecs,
        task(code=1),
        task(code=1),
        task(code=137, reason="OutOfMemoryError: Container killed due to memory usage"),
        task(code=9, definition=OLD),
    )
    with pytest.raises(EcsError) as error:
        wait(ecs)
    assert str(error.value) == (
        "Service api does not run portal-api:7: it went back to portal-api:6 (tasks failed to start.).\n"
        "  stopped task: Essential container in task exited; migrate: exit status 1\n"
        "  stopped task: Essential container in task exited; migrate: exit status 137 "
        "(OutOfMemoryError: Container killed due to memory usage)"
    )


def test_a_steady_service_of_another_revision_is_a_failure_too(stubs):
    ecs, _ = stubs
    sees(ecs, deployment(OLD, state="COMPLETED", running=2))
    stopped(ecs)
    with pytest.raises(EcsError, match=r"^Service api does not run portal-api:7: it runs portal-api:6.$"):
        wait(ecs)


def test_a_deployment_of_the_same_revision_is_done_when_its_service_deployment_is(stubs):
    ecs, _ = stubs
    sees(ecs, deployment(NEW, state="COMPLETED", running=2), newest="IN_PROGRESS")
    sees(ecs, deployment(NEW, state="COMPLETED", running=2), newest="SUCCESSFUL")
    assert wait(ecs) == "ecs-svc/7"


@pytest.mark.parametrize("status", ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"])
def test_a_deployment_of_the_same_revision_that_ecs_took_back_is_a_failure(stubs, status):
    ecs, _ = stubs
    sees(ecs, deployment(NEW, state="COMPLETED", running=2), newest=status)
    stopped(ecs)
    with pytest.raises(EcsError) as error:
        wait(ecs)
    assert str(error.value) == (
        "Service api does not run portal-api:7 as asked: its newest deployment did not stay (Service deployment rolled "
        "back.)."
    )


def test_a_service_that_is_not_there_is_told_with_its_cluster(stubs):
    ecs, _ = stubs
    missing = {"services": [], "failures": [{"arn": "api", "reason": "MISSING"}]}
    ecs.add_response("describe_services", missing, {"cluster": "portal-dev", "services": ["api"]})
    with pytest.raises(EcsError) as error:
        wait(ecs)
    assert (
        str(error.value) == "Service api is not in cluster portal-dev: it was deleted beside Pulumi; run pulumi refresh"
    )


def test_a_first_deployment_that_fails_is_told_at_once(stubs):
    ecs, _ = stubs
    sees(ecs, deployment(NEW, state="FAILED", reason="ECS deployment circuit breaker"))
    stopped(ecs, task(reason="CannotPullContainerError: not found", stopped="Task failed to start"))
    with pytest.raises(EcsError) as error:
        wait(ecs)
    assert str(error.value).splitlines()[1] == (
        "  stopped task: Task failed to start; migrate: did not run (CannotPullContainerError: not found)"
    )


def test_a_rollout_that_never_ends_says_how_far_it_came(stubs):
    ecs, _ = stubs
    sees(ecs, deployment(NEW, running=1))
    stopped(ecs)
    with pytest.raises(EcsError, match="1 of 2 tasks run after -1 s"):
        wait(ecs, timeout=-1)


def run(ecs, logs, sleep=lambda _: None, **changes):
    return run_task.run(
        ecs.client,
        logs.client,
        REQUEST,
        container="migrate",
        log_group="/portal/dev/ecs-fargate/migrate",
        sleep=sleep,
        **changes,
    )


def test_a_job_is_done_when_its_container_ended_well(stubs):
    ecs, logs = stubs
    ecs.add_response("run_task", {"tasks": [task("PENDING")], "failures": []}, REQUEST)
    for status, code in (("RUNNING", None), ("STOPPED", 0)):
        ecs.add_response("describe_tasks", {"tasks": [task(status, code)]}, {"cluster": "portal-dev", "tasks": [TASK]})
    assert run(ecs, logs) == TASK


def test_a_failed_job_shows_its_reason_and_its_last_lines(stubs):
    ecs, logs = stubs
    ecs.add_response("run_task", {"tasks": [task("STOPPED", 3)], "failures": []}, REQUEST)
    logs.add_response(
        "get_log_events",
        {"events": [{"message": "connecting"}, {"message": "relation exists"}]},
        {
            "logGroupName": "/portal/dev/ecs-fargate/migrate",
            "logStreamName": "ecs/migrate/0123456789abcdef",
            "limit": 20,
            "startFromHead": False,
        },
    )
    with pytest.raises(EcsError) as error:
        run(ecs, logs)
    assert str(error.value) == (
        "Job migrate failed: Essential container in task exited; migrate: exit status 3\nconnecting\nrelation exists"
    )


def test_a_job_without_a_log_says_that_it_cannot_be_read(stubs):
    ecs, logs = stubs
    ecs.add_response("run_task", {"tasks": [task("STOPPED")], "failures": []}, REQUEST)
    logs.add_client_error("get_log_events", "ResourceNotFoundException", "no such stream")
    with pytest.raises(EcsError, match=r"\(its log .* cannot be read: .*no such stream\)"):
        run(ecs, logs)


def test_a_job_waits_until_iam_knows_its_new_role(stubs):
    ecs, logs = stubs
    ecs.add_client_error("run_task", "ClientException", "ECS was unable to assume the role")
    ecs.add_response("run_task", {"tasks": [task("STOPPED", 0)], "failures": []}, REQUEST)
    waited = []
    assert run(ecs, logs, waited.append) == TASK
    assert waited == [run_task.POLL]


def test_a_job_that_cannot_be_placed_says_why(stubs):
    ecs, logs = stubs
    ecs.add_response("run_task", {"tasks": [], "failures": [{"reason": "Capacity is unavailable"}]}, REQUEST)
    with pytest.raises(EcsError, match=r"^Job migrate could not be started: Capacity is unavailable$"):
        run(ecs, logs)


def test_a_job_that_does_not_end_is_stopped(stubs):
    ecs, logs = stubs
    ecs.add_response("run_task", {"tasks": [task("RUNNING")], "failures": []}, REQUEST)
    ecs.add_response("stop_task", {}, {"cluster": "portal-dev", "task": TASK, "reason": "not done after -1 s"})
    with pytest.raises(EcsError, match="was not done after -1 s and was stopped"):
        run(ecs, logs, timeout=-1)


SERIALIZE = """
from pulumi.dynamic.dynamic import serialize_provider
from orchestrators.ecs.waits import _JobProvider, _RolloutProvider
print(serialize_provider(_JobProvider()), serialize_provider(_RolloutProvider()))
"""


def test_two_processes_write_the_same_small_provider_into_the_state():
    assert all(len(pickle) < 200 for pickle in same_output(SERIALIZE).split())


def test_only_another_task_definition_or_service_makes_a_wait_anew():
    provider = _RolloutProvider()
    assert provider.diff("id", {"content": "1"}, {"content": "2"}).replaces == ["content"]
    same, other = {"task_definition": OLD, "region": "a"}, {"task_definition": OLD, "region": "b"}
    assert provider.diff("id", same, other).changes is False
    assert provider.diff("id", same, {"task_definition": NEW}).replaces == ["task_definition"]
