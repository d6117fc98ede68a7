"""The component with its machines in a data centre, as Pulumi registers it without an engine."""

import asyncio
import json

import botocore.session
import pytest
from botocore.validate import validate_parameters

from settings import Compute
from tests.orchestrators.ecs.anywhere.conftest import SITE
from tests.orchestrators.ecs.test_component import Provisioned
from tests.support.pulumi_run import ACCOUNT, REGION


@pytest.fixture(scope="module")
def stack():
    return Provisioned(compute=Compute.DATACENTER, site=SITE)


@pytest.fixture(scope="module")
def with_data():
    return Provisioned(compute=Compute.DATACENTER, site=SITE, managed=("cache",))


def test_machines_register_by_an_activation_of_the_clusters_name(stack):
    activation = stack.run.one("ssm/activation:Activation").inputs
    request = {
        "IamRole": activation["iamRole"],
        "DefaultInstanceName": activation["name"],
        "Description": activation["description"],
        "RegistrationLimit": int(activation["registrationLimit"]),
    }
    model = botocore.session.get_session().get_service_model("ssm").operation_model("CreateActivation")
    validate_parameters(request, model.input_shape)
    assert (request["IamRole"], request["RegistrationLimit"]) == ("portal-dev-ecs-datacenter-machine", 3)
    assert "expirationDate" not in activation


def test_a_machine_is_what_systems_manager_of_this_account_says_and_may_run_the_agents(stack):
    role = stack.run.one("iam/role:Role", "ecs-site-machine").inputs
    (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "ssm.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:*:ssm:{REGION}:{ACCOUNT}:*"},
    }
    policies = stack.run.of("iam/rolePolicyAttachment:RolePolicyAttachment")
    attached = {each.inputs["policyArn"] for each in policies if each.inputs["role"] == role["name"]}
    assert attached == {
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
    }
    assert {"ecs-site-machine-0", "ecs-site-machine-1"} <= set(stack.run.one("ssm/activation:Activation").depends_on)


def test_there_is_no_capacity_provider_and_no_discovery(stack):
    for kind in ("ecs/clusterCapacityProviders", "ecs/capacityProvider", "servicediscovery/", "aws:autoscaling/"):
        assert not [each for each in stack.run.resources if kind in each.type]


def test_services_and_jobs_wait_until_machines_have_joined(stack):
    joined = stack.run.one("switchyard:SiteJoined")
    assert (joined.inputs["machines"], joined.inputs["volumes"]) == (3, [])
    assert "ecs-site-activation" in joined.depends_on
    for name in ("ecs-web", "ecs-api", "ecs-worker"):
        assert joined.name in stack.run.one("ecs/service:Service", name).depends_on
    assert joined.name in stack.run.one("switchyard:JobRun").depends_on


def test_a_service_runs_on_external_machines_one_task_on_each(stack):
    web = stack.run.one("ecs/service:Service", "ecs-web").inputs
    assert web["launchType"] == "EXTERNAL"
    assert web["placementConstraints"] == [{"type": "distinctInstance"}]
    assert web["availabilityZoneRebalancing"] == "DISABLED"
    for key in ("networkConfiguration", "serviceConnectConfiguration", "loadBalancers", "capacityProviderStrategies"):
        assert not web.get(key)


def test_the_load_balancer_reaches_the_ingress_at_the_sites_address_once_it_runs(stack):
    target = stack.run.one("lb/targetGroupAttachment:TargetGroupAttachment")
    assert {key: target.inputs[key] for key in ("targetId", "port", "availabilityZone")} == {
        "targetId": "192.168.0.10",
        "port": 8000,
        "availabilityZone": "all",
    }
    assert "ecs-web-rollout" in target.depends_on
    assert target.name in stack.run.one("switchyard:SiteAnswers").depends_on
    assert "ecs-site-web-answers" in {resource._name for resource in stack.ecs.ready}


def test_names_lead_to_the_sites_address(stack):
    definition = stack.run.one("ecs/taskDefinition:TaskDefinition", "ecs-web").inputs
    (container,) = json.loads(definition["containerDefinitions"])
    assert container["extraHosts"] == [{"hostname": "api", "ipAddress": "192.168.0.10"}]
    assert definition["networkMode"] == "bridge"


def test_a_volume_is_waited_for_kept_and_written_by_one_task(with_data):
    definition = with_data.run.one("ecs/taskDefinition:TaskDefinition", "ecs-db").inputs
    (volume,) = definition["volumes"]
    assert volume["dockerVolumeConfiguration"]["scope"] == "shared"
    assert "attribute:switchyard.volume.db exists" in {c["expression"] for c in definition["placementConstraints"]}
    assert with_data.run.one("switchyard:SiteJoined").inputs["volumes"] == ["db"]
    service = with_data.run.one("ecs/service:Service", "ecs-db").inputs
    assert (service["deploymentMaximumPercent"], service["deploymentMinimumHealthyPercent"]) == (100, 0)


def test_nobody_scales_beyond_the_machines(stack):
    assert {target.inputs["maxCapacity"] for target in stack.run.of("appautoscaling/target:Target")} == {2}


def test_people_get_what_they_need_and_the_code_is_secret():
    seen = {}

    async def read(name, output):
        seen[name] = (await output.future(), await output.is_secret())

    stack = Provisioned(
        compute=Compute.DATACENTER,
        site=SITE,
        then=lambda made: [asyncio.ensure_future(read(name, each)) for name, each in made.ecs.exports.items()],
    )
    assert seen.keys() == stack.ecs.exports.keys()
    assert {name for name, (_, secret) in seen.items() if secret} == {"activation-code", "join"}
    assert "until 2030-01-31T00:00:00Z" in seen["join"][0]
    assert "--activation-code code-of-ecs-site-activation" in seen["join"][0]
    assert "src 192.168.0.0/24 10.0.0.0/16" in seen["proxy"][0]
    assert f"ssm.{REGION}.amazonaws.com:443" in seen["egress"][0]
