"""A second opinion: another implementation of AWS's APIs takes what is rendered, and the waits read its answers."""

import dataclasses

import boto3
import pytest
from moto import mock_aws

from orchestrators import registry
from orchestrators.documents import fill
from orchestrators.ecs import rollout, run_task
from orchestrators.ecs.failures import EcsError
from orchestrators.ecs.links import Links
from orchestrators.ecs.render import render
from orchestrators.ecs.scaling import scaling_documents
from orchestrators.ecs.service import run_task_document, service_document
from settings import Compute, EcsSettings
from tests.support.pulumi_run import REGION
from workload.model import QueueTarget, Scaling, ScheduledScaling
from workload.text import Ref

MANAGED = ("db", "cache")
CLUSTER = "portal-dev-ecs-fargate"


@pytest.fixture
def cloud(portal, placement, names, values, monkeypatch):
    """Clients of an account with the cluster, two subnets and the registered task definitions of the sample."""
    monkeypatch.setenv("MOTO_ECS_SERVICE_RUNNING", "2")
    with mock_aws():
        ecs, ec2 = boto3.client("ecs", region_name=REGION), boto3.client("ec2", region_name=REGION)
        ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(VpcId=vpc, GroupName="api", Description="api")["GroupId"]
        documents = fill(render(portal, placement, names, MANAGED), values)
        arns = {
            name: ecs.register_task_definition(**document)["taskDefinition"]["taskDefinitionArn"]
            for name, document in documents.items()
        }

        def known(ref):
            kind, _, rest = ref.path.partition(".")
            given = {"task_definition": arns.get(rest), "subnet": subnet, "security_group": group}
            return given.get(kind) or values(ref)

        yield ecs, arns, known


def made(cloud, portal, placement, names, service):
    ecs, _, known = cloud
    links = Links(portal, names, MANAGED)
    document = service_document(portal.services[service], placement, links, [Ref("subnet.private.0")], EcsSettings())
    return ecs.create_service(**{**fill(document, known), "cluster": CLUSTER})["service"]


@pytest.mark.parametrize("compute", registry.ORCHESTRATORS["ecs"].computes)
def test_task_definitions_of_every_compute_are_registered_as_they_are(portal, placement, names, values, compute):
    documents = fill(render(portal, dataclasses.replace(placement, compute=compute), names, MANAGED), values)
    with mock_aws():
        ecs = boto3.client("ecs", region_name=REGION)
        for document in documents.values():
            taken = ecs.register_task_definition(**document)["taskDefinition"]
            # moto 5.2 answers awsvpc for whatever is not EC2.
            told = ("family", "cpu", "memory", *(["networkMode"] if compute is not Compute.DATACENTER else []))
            assert {key: taken[key] for key in told} == {key: document[key] for key in told}


@pytest.mark.parametrize("compute", [Compute.FARGATE, Compute.EC2])  # moto 5.2 has no services on EXTERNAL
def test_services_of_every_compute_are_made(cloud, portal, placement, names, compute):
    for service in ("web", "api", "worker"):
        taken = made(cloud, portal, dataclasses.replace(placement, compute=compute), names, service)
        assert (taken["serviceName"], taken["schedulingStrategy"]) == (service, "REPLICA")


def test_a_service_that_runs_what_was_asked_for_is_rolled_out(cloud, portal, placement, names):
    ecs, arns, _ = cloud
    service = made(cloud, portal, placement, names, "api")
    assert service["desiredCount"] == 2
    found = rollout.wait(
        ecs, timeout=1800, cluster=CLUSTER, service="api", task_definition=arns["api"], sleep=lambda _: None
    )
    assert found.startswith("ecs-svc/")


def test_a_service_that_runs_something_else_is_not(cloud, portal, placement, names):
    ecs, arns, _ = cloud
    made(cloud, portal, placement, names, "api")
    another = arns["api"].replace(":1", ":2")
    with pytest.raises(EcsError, match=r"does not run \S+-api:2: it runs \S+-api:1"):
        rollout.wait(ecs, timeout=1800, cluster=CLUSTER, service="api", task_definition=another, sleep=lambda _: None)


def test_a_job_is_started_and_stopped_when_it_does_not_end(cloud, portal, placement, names):
    ecs, arns, known = cloud
    links = Links(portal, names, MANAGED)
    request = fill(run_task_document(portal.jobs["migrate"], placement, links, [Ref("subnet.private.0")]), known)
    with pytest.raises(EcsError, match="was not done after -1 s and was stopped"):
        run_task.run(ecs, None, request, container="migrate", log_group="", timeout=-1, sleep=lambda _: None)
    stopped = ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]
    assert task["taskDefinitionArn"] == arns["migrate"]


def test_scaling_is_registered_for_the_service(cloud, portal, placement, names, values):
    made(cloud, portal, placement, names, "web")
    documents = scaling_documents(portal.services["web"], placement, Links(portal, names, MANAGED))
    scaling = boto3.client("application-autoscaling", region_name=REGION)
    scaling.register_scalable_target(**documents.target)
    for policy in documents.policies:
        scaling.put_scaling_policy(**fill(policy, values))
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert {policy["PolicyName"] for policy in found} == {"web-cpu", "web-requests"}


def test_scaling_by_a_queue_and_a_schedule_is_registered_for_the_service(cloud, portal, placement, names):
    made(cloud, portal, placement, names, "worker")
    night = ScheduledScaling(at="cron(0 20 * * ? *)", min=1, max=2, timezone="Europe/Berlin")
    wanted = Scaling(min=1, max=5, queue=QueueTarget(name="transcripts", per_task=20), schedule=(night,))
    worker = dataclasses.replace(portal.services["worker"], scaling=wanted)
    documents = scaling_documents(worker, placement, Links(portal, names, MANAGED))
    scaling = boto3.client("application-autoscaling", region_name=REGION)
    scaling.register_scalable_target(**documents.target)
    (policy,), (action,) = documents.policies, documents.actions
    scaling.put_scaling_policy(**policy)
    scaling.put_scheduled_action(**action)
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 20
    (at,) = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert (at["Schedule"], at["ScalableTargetAction"]["MaxCapacity"]) == ("cron(0 20 * * ? *)", 2)
