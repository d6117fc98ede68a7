"""Every input of ECS's resources, on every placement and with every option, held against the shapes of AWS's API."""

import dataclasses
import json

import boto3
import pytest
from botocore import xform_name
from botocore.validate import validate_parameters
from moto import mock_aws

from settings import Compute
from tests.orchestrators.ecs.anywhere.conftest import SITE
from tests.orchestrators.ecs.conftest import sample
from tests.orchestrators.ecs.test_component import Provisioned
from tests.orchestrators.ecs.test_schedule import nightly
from tests.support.pulumi_run import REGION
from tests.support.shapes import OPERATIONS, model, problems, request, shape_of, short
from workload.model import QueueTarget, Scaling, ScheduledScaling


def queued():
    """The sample with a job that calls a service, and a worker that scales by a queue and by a schedule."""
    workload = sample()
    night = ScheduledScaling(at="cron(0 20 * * ? *)", min=1, max=2, timezone="Europe/Berlin")
    scaling = Scaling(min=1, max=5, memory=70, queue=QueueTarget(name="transcripts", per_task=20), schedule=(night,))
    worker = dataclasses.replace(workload.services["worker"], scaling=scaling, storage=40 * 1024**3)
    job = dataclasses.replace(workload.jobs["migrate"], links=("cache", "db"))
    return dataclasses.replace(
        workload, services={**workload.services, "worker": worker}, jobs={**workload.jobs, "migrate": job}
    )


STACKS = {
    "fargate": {},
    "fargate, protected, spot, exec": {"protect": True, "spot": 60, "on_demand": 2, "exec": True, "log_days": 7},
    "fargate, schedules and a queue": {"workload": queued(), "managed": ("db",)},
    "fargate, a scheduled job": {"workload": nightly()},
    "ec2": {"compute": Compute.EC2},
    "ec2, spot, ARM64, a scheduled job": {
        "compute": Compute.EC2,
        "workload": nightly(),
        "spot": 50,
        "instance_types": ("m6g.large", "m7g.large"),
    },
    "datacenter": {
        "compute": Compute.DATACENTER,
        "site": dataclasses.replace(SITE, activate_until="2030-01-31T00:00:00Z"),
    },
    "datacenter, schedules and a queue": {
        "compute": Compute.DATACENTER,
        "site": SITE,
        "workload": queued(),
        "managed": ("db",),
    },
    "datacenter, a scheduled job": {"compute": Compute.DATACENTER, "site": SITE, "workload": nightly()},
}


WHOLE = (
    "appautoscaling/target:Target",
    "autoscaling/group:Group",
    "ec2/launchTemplate:LaunchTemplate",
    "ecs/capacityProvider:CapacityProvider",
    "ecs/cluster:Cluster",
    "scheduler/scheduleGroup:ScheduleGroup",
    "servicediscovery/httpNamespace:HttpNamespace",
    "servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
    "servicediscovery/service:Service",
    "ssm/activation:Activation",
)
"""Resources whose inputs are the whole of one request."""


@pytest.fixture(scope="module", params=STACKS)
def resources(request):
    return Provisioned(**STACKS[request.param]).run.resources


def test_aws_knows_every_input_and_takes_its_value(resources):
    assert list(problems(resources)) == []
    asked = model("ecs").operation_model("RunTask").input_shape
    for job in (each for each in resources if each.type.endswith("switchyard:JobRun")):
        validate_parameters(json.loads(job.inputs["request"]), asked)


def test_botocores_own_validator_takes_each_request(resources):
    for resource in resources:
        if short(resource) in WHOLE:
            validate_parameters(request(resource), shape_of(OPERATIONS[short(resource)][0]))


TAKEN = (
    "cloudwatch/logGroup:LogGroup",
    "cloudwatch/metricAlarm:MetricAlarm",
    "ecs/capacityProvider:CapacityProvider",
    "ecs/cluster:Cluster",
    "iam/instanceProfile:InstanceProfile",
    "iam/role:Role",
    "iam/rolePolicy:RolePolicy",
    "kms/key:Key",
    "scheduler/scheduleGroup:ScheduleGroup",
    "servicediscovery/httpNamespace:HttpNamespace",
    "servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
    "servicediscovery/service:Service",
)
"""What the other implementation has as one request; it knows no activations. The rest of them stands in
test_against_moto.
"""


def test_another_implementation_takes_each_request(resources):
    with mock_aws():
        for resource in resources:
            if short(resource) in TAKEN and resource.name.startswith("ecs"):
                service, _, operation = OPERATIONS[short(resource)][0].partition(".")
                client = boto3.client(service, region_name=REGION)
                getattr(client, xform_name(operation))(**request(resource))


def test_another_implementation_takes_instances_their_group_and_their_capacity_provider():
    run = Provisioned(compute=Compute.EC2, spot=50).run
    template, group = run.one("ec2/launchTemplate:LaunchTemplate"), run.one("autoscaling/group:Group")
    provider = run.one("ecs/capacityProvider:CapacityProvider")
    with mock_aws():
        ec2, scaling, ecs = (boto3.client(name, region_name=REGION) for name in ("ec2", "autoscaling", "ecs"))
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        made = ec2.create_launch_template(
            LaunchTemplateName="machines", LaunchTemplateData=request(template) | {"TagSpecifications": []}
        )
        asked = request(group) | {"MinSize": 0, "VPCZoneIdentifier": subnet}
        mixed = asked["MixedInstancesPolicy"]["LaunchTemplate"]
        mixed["LaunchTemplateSpecification"] = {
            "LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"],
            "Version": "1",
        }
        scaling.create_auto_scaling_group(**asked)
        (found,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        asked = request(provider)
        asked["autoScalingGroupProvider"]["autoScalingGroupArn"] = found["AutoScalingGroupARN"]
        taken = ecs.create_capacity_provider(**asked)["capacityProvider"]
    assert (found["MaxSize"], found["NewInstancesProtectedFromScaleIn"]) == (18, True)
    assert [each["InstanceType"] for each in mixed["Overrides"]] == ["m6i.large", "m6a.large", "m5.large"]
    assert taken["autoScalingGroupProvider"]["managedScaling"]["targetCapacity"] == 100
