"""What ECS is asked for on machines of one's own: shapes that it accepts, and nothing that EXTERNAL cannot do."""

import dataclasses

import botocore.session
import pytest
from botocore.validate import validate_parameters

from orchestrators.documents import fill
from orchestrators.ecs.links import Links
from orchestrators.ecs.render import render
from orchestrators.ecs.scaling import scaling_documents
from orchestrators.ecs.schedule import schedule_document
from orchestrators.ecs.service import run_task_document, service_document
from settings import EcsSettings
from workload.text import Text

SESSION = botocore.session.get_session()
MANAGED = ("db", "cache")
IMPOSSIBLE = {
    "capacityProviderStrategy", "networkConfiguration", "serviceConnectConfiguration", "loadBalancers",
    "serviceRegistries", "healthCheckGracePeriodSeconds", "platformVersion",
}  # fmt: skip
"""Parts of CreateService that EXTERNAL has not (AWS: Amazon ECS clusters for external instances)."""


def shape(service, operation):
    return SESSION.get_service_model(service).operation_model(operation).input_shape


@pytest.fixture
def links(portal, names):
    return Links(portal, names, MANAGED)


@pytest.fixture
def services(portal, placement, links, values):
    return {
        name: fill(service_document(portal.services[name], placement, links, (), EcsSettings()), values)
        for name in ("web", "api", "worker")
    }


def test_every_task_definition_is_what_ecs_accepts_with_the_database_at_the_site_too(portal, placement, names, values):
    documents = render(portal, placement, names, ("cache",))
    assert set(documents) == {"web", "api", "worker", "migrate", "db"}
    for document in documents.values():
        validate_parameters(fill(document, values), shape("ecs", "RegisterTaskDefinition"))


def test_tasks_are_for_machines_of_ones_own_on_their_bridge(portal, placement, names):
    for document in render(portal, placement, names, MANAGED).values():
        assert document["requiresCompatibilities"] == ["EXTERNAL"]
        assert document["networkMode"] == "bridge"
        assert "runtimePlatform" not in document


def test_a_port_is_the_same_on_the_machine(portal, placement, names):
    (mapping,) = render(portal, placement, names, MANAGED)["api"]["containerDefinitions"][0]["portMappings"]
    assert (mapping["containerPort"], mapping["hostPort"]) == (9000, 9000)


def test_the_ports_of_a_job_are_any_free_ones(portal, placement, names):
    migrate = portal.jobs["migrate"]
    job = dataclasses.replace(migrate, container=dataclasses.replace(migrate.container, expose=(8000,)))
    document = render(dataclasses.replace(portal, jobs={"migrate": job}), placement, names, MANAGED)["migrate"]
    assert document["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0


def test_a_client_finds_a_service_by_its_name_at_the_sites_address(portal, placement, names, values):
    documents = fill(render(portal, placement, names, MANAGED), values)
    (web,) = documents["web"]["containerDefinitions"]
    assert web["extraHosts"] == [{"hostname": "api", "ipAddress": "site.internal.example"}]
    assert {"name": "API_URL", "value": "http://api:9000"} in web["environment"]
    assert documents["api"]["containerDefinitions"][0]["extraHosts"] == []


def test_a_managed_service_keeps_the_address_that_aws_answers(portal, placement, names):
    api = render(portal, placement, names, MANAGED)["api"]["containerDefinitions"][0]
    url = next(variable["value"] for variable in api["environment"] if variable["name"] == "DATABASE_URL")
    assert [ref.path for ref in url.refs()] == ["db.host", "db.port", "db.sslmode"]


def test_a_job_finds_a_service_at_the_site_by_its_plain_name(portal, placement, names):
    (migrate,) = render(portal, placement, names, ("cache",))["migrate"]["containerDefinitions"]
    assert [host["hostname"] for host in migrate["extraHosts"]] == ["db"]
    url = next(variable["value"] for variable in migrate["environment"] if variable["name"] == "DATABASE_URL")
    assert url == Text.of("postgresql://portal@db:5432/portal?sslmode=disable")


def test_a_volume_stays_on_the_machine_that_keeps_it(portal, placement, names):
    document = render(portal, placement, names, ("cache",))["db"]
    (volume,) = document["volumes"]
    assert volume["name"] == "db"
    assert volume["dockerVolumeConfiguration"]["scope"] == "shared"
    assert {"type": "memberOf", "expression": "attribute:switchyard.volume.db exists"} in document[
        "placementConstraints"
    ]


def test_a_volume_that_may_be_lost_goes_anywhere(portal, placement, names):
    lossy = dataclasses.replace(portal.services["db"], ephemeral=True)
    workload = dataclasses.replace(portal, services={**portal.services, "db": lossy})
    document = render(workload, placement, names, ("cache",))["db"]
    assert document["volumes"] == [{"name": "db"}]
    assert "switchyard.volume" not in str(document["placementConstraints"])


@pytest.mark.parametrize(("said", "architecture"), [("arm64", "arm64"), ("amd64", "x86_64")])
def test_a_task_goes_to_machines_of_its_architecture(one, placement, names, said, architecture):
    (wanted,) = render(one(architecture=said), placement, names)["app"]["placementConstraints"]
    assert wanted["expression"] == f"attribute:ecs.cpu-architecture == {architecture}"


def test_a_service_asks_for_external_machines_and_for_nothing_that_they_lack(services):
    for service in services.values():
        validate_parameters(service, shape("ecs", "CreateService"))
        assert service["launchType"] == "EXTERNAL"
        assert service["placementConstraints"] == [{"type": "distinctInstance"}]
        # ECS turns it on for new services that do not say so.
        assert service["availabilityZoneRebalancing"] == "DISABLED"
        assert not IMPOSSIBLE & set(service)


def test_a_deployment_rolls_and_is_taken_back(services):
    rolling = services["web"]["deploymentConfiguration"]
    assert rolling["strategy"] == "ROLLING"
    assert rolling["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert len(rolling["alarms"]["alarmNames"]) == 2


def test_a_job_runs_on_external_machines(portal, placement, links, values):
    run = fill(run_task_document(portal.jobs["migrate"], placement, links, ()), values)
    validate_parameters(run, shape("ecs", "RunTask"))
    assert run["launchType"] == "EXTERNAL"
    assert not IMPOSSIBLE & set(run)


def test_a_schedule_runs_its_job_on_external_machines(portal, placement, links, values):
    nightly = dataclasses.replace(portal.jobs["migrate"], schedule="cron(0 3 * * ? *)")
    arns = {"cluster": "arn:aws:ecs:eu-central-1:111122223333:cluster/one", "schedule_group": "one"}
    schedule = fill(
        schedule_document(nightly, placement, links, ()),
        lambda ref: arns.get(ref.path) or f"arn:aws:iam::111122223333:role/{ref.path}",
    )
    validate_parameters(schedule, shape("scheduler", "CreateSchedule"))
    parameters = schedule["Target"]["EcsParameters"]
    assert parameters["LaunchType"] == "EXTERNAL"
    assert not {"NetworkConfiguration", "CapacityProviderStrategy"} & set(parameters)


def test_requests_are_scaled_by_per_task_as_the_load_balancer_sees_the_proxy_alone(portal, placement, links, values):
    policies = scaling_documents(portal.services["web"], placement, links).policies
    policy = next(policy for policy in policies if policy["PolicyName"] == "web-requests")
    validate_parameters(fill(policy, values), shape("application-autoscaling", "PutScalingPolicy"))
    metrics = policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    assert [metric.get("Expression") for metric in metrics] == [None, None, "requests / running"]
    assert [m["MetricStat"]["Metric"]["MetricName"] for m in metrics[:2]] == [
        "RequestCountPerTarget",
        "RunningTaskCount",
    ]
