"""EC2 instances: private, patched, encrypted, moved by ECS, and with no right beyond their cluster."""

import base64
import dataclasses
import json

import botocore.session
import pytest
from botocore.validate import validate_parameters

from orchestrators.ecs.machines import agent_policy, user_data
from settings import Compute
from tests.orchestrators.ecs.conftest import sample
from tests.orchestrators.ecs.test_component import Provisioned

CLUSTER = "portal-dev-ecs-ec2"


@pytest.fixture(scope="module")
def ec2():
    return Provisioned(compute=Compute.EC2, spot=70, on_demand=2)


@pytest.fixture(scope="module")
def template(ec2):
    return ec2.run.one("ec2/launchTemplate:LaunchTemplate").inputs


@pytest.fixture(scope="module")
def group(ec2):
    return ec2.run.one("autoscaling/group:Group")


def test_instances_start_from_the_newest_ecs_image_of_their_architecture(template):
    assert template["imageId"] == ("resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id")
    arm = Provisioned(compute=Compute.EC2, instance_types=("m6g.large",))
    assert "/arm64/" in arm.run.one("ec2/launchTemplate:LaunchTemplate").inputs["imageId"]


def test_instances_answer_metadata_by_tokens_alone_and_to_no_container(template):
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }


def test_disks_are_encrypted(template):
    (mapping,) = template["blockDeviceMappings"]
    assert (mapping["ebs"]["encrypted"], mapping["ebs"]["volumeType"]) == ("true", "gp3")


def test_the_disk_is_as_large_as_the_fleet_says():
    workload = sample()
    worker = dataclasses.replace(workload.services["worker"], storage=100 * 1024**3)
    stack = Provisioned(
        compute=Compute.EC2, workload=dataclasses.replace(workload, services={**workload.services, "worker": worker})
    )
    (mapping,) = stack.run.one("ec2/launchTemplate:LaunchTemplate").inputs["blockDeviceMappings"]
    assert mapping["ebs"]["volumeSize"] == 50 + 2 * 100


def test_instances_have_no_public_address_and_admit_nobody(ec2, template, group):
    (interface,) = template["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    (own,) = interface["securityGroups"]
    rules = ec2.run.of("SecurityGroupIngressRule")
    assert own not in {rule.inputs["securityGroupId"] for rule in rules}
    assert {rule.inputs["fromPort"] for rule in ec2.run.of("EgressRule") if rule.inputs["securityGroupId"] == own} == {
        443
    }
    assert all("private" in subnet for subnet in group.inputs["vpcZoneIdentifiers"])


def test_an_instance_joins_its_cluster_and_keeps_its_credentials(template):
    script = base64.b64decode(template["userData"]).decode()
    assert script == user_data(CLUSTER)
    assert {f"ECS_CLUSTER={CLUSTER}", "ECS_AWSVPC_BLOCK_IMDS=true", "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true"} <= set(
        script.splitlines()
    )


def test_no_instance_starts_before_its_cluster_stands(ec2):
    assert "ecs-cluster" in ec2.run.one("ec2/launchTemplate:LaunchTemplate").depends_on


def test_spot_begins_beyond_what_is_on_demand(group):
    distribution = group.inputs["mixedInstancesPolicy"]["instancesDistribution"]
    assert distribution["onDemandBaseCapacity"] == 2
    assert distribution["onDemandPercentageAboveBaseCapacity"] == 30


def test_ecs_moves_the_number_of_instances_and_the_program_leaves_it_alone(ec2, group):
    assert (group.inputs["minSize"], group.inputs["maxSize"]) == (5, 18)
    assert "desiredCapacity" not in group.inputs
    assert group.ignored == ("desiredCapacity",)
    (owned,) = [owned for owned in ec2.ecs.ledger if owned.resource == "ecs-machines-group"]
    assert owned.owner == "ECS managed scaling"
    assert "5 m6i.large hold 9 tasks" in owned.why


def test_no_instance_with_tasks_goes_and_none_goes_undrained(ec2, group):
    provider = ec2.run.one("ecs/capacityProvider:CapacityProvider").inputs["autoScalingGroupProvider"]
    assert (provider["managedDraining"], provider["managedTerminationProtection"]) == ("ENABLED", "ENABLED")
    assert provider["managedScaling"]["status"] == "ENABLED"
    assert group.inputs["protectFromScaleIn"] is True
    assert "AmazonECSManaged" in {tag["key"] for tag in group.inputs["tags"]}


def test_a_capacity_providers_name_begins_as_aws_allows(ec2):
    assert ec2.run.one("ecs/capacityProvider:CapacityProvider").inputs["name"] == f"machines-{CLUSTER}"


def test_services_run_on_the_instances_by_zone_first(ec2):
    api = ec2.run.one("ecs/service:Service", "ecs-api")
    provider = ec2.run.one("ecs/capacityProvider:CapacityProvider").inputs["name"]
    assert [item["capacityProvider"] for item in api.inputs["capacityProviderStrategies"]] == [provider]
    assert [item["field"] for item in api.inputs["orderedPlacementStrategies"]] == [
        "attribute:ecs.availability-zone",
        "memory",
    ]
    assert "platformVersion" not in api.inputs
    assert "ecs-capacity" in api.depends_on


def test_an_instance_may_work_for_its_own_cluster_only():
    statements = agent_policy("portal", "eu-central-1", "111122223333")["Statement"]
    starred = [s["Action"] for s in statements if s["Resource"] == ["*"]]
    assert starred == [["ecs:DiscoverPollEndpoint"]]
    assert all("portal" in json.dumps(s) for s in statements if s["Resource"] != ["*"])


def test_the_capacity_provider_is_what_ecs_accepts(ec2):
    provider = ec2.run.one("ecs/capacityProvider:CapacityProvider").inputs
    model = botocore.session.get_session().get_service_model("ecs").operation_model("CreateCapacityProvider")
    # Whole numbers pass Pulumi's wire as floats.
    asked = json.loads(json.dumps(provider["autoScalingGroupProvider"]), parse_float=lambda text: int(float(text)))
    validate_parameters({"name": provider["name"], "autoScalingGroupProvider": asked}, model.input_shape)
