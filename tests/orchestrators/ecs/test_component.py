"""The component on the real foundation, as Pulumi registers it without an engine."""

import dataclasses
import json

import pytest

from foundation.data import Endpoint
from foundation.signals import NODES, Metric
from orchestrators.base import OrchestratorArgs
from orchestrators.registry import component
from settings import ClusterSettings, Compute, EcsSettings, SiteSettings
from tests.foundation.conftest import ECS, Foundation
from tests.orchestrators.ecs.conftest import sample
from tests.support.pulumi_run import ACCOUNT, REGION
from workload.model import QueueTarget, Scaling, ScheduledScaling

NO_SITE = SiteSettings()


class Provisioned:
    """A stack whose workload runs on ECS; the placement's component is asked from the registry."""

    def __init__(
        self,
        *,
        managed=("db", "cache"),
        workload=None,
        protect=False,
        compute=Compute.FARGATE,
        site=NO_SITE,
        then=None,
        **ecs,
    ):
        self.managed, self.protect, self.ecs_settings, self.site = managed, protect, EcsSettings(**ecs), site
        self.then = then
        self.placement = dataclasses.replace(ECS, compute=compute)
        foundation = Foundation("dev", workload=workload or sample(), then=self.make)
        self.run = foundation.run

    def make(self, foundation):
        workload = foundation._described
        containers = [c.name for unit in workload.units.values() for c in unit.containers]
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/portal-dev/{{}}@sha256:{'0' * 64}"
        self.ecs = component(self.placement)(
            "ecs",
            OrchestratorArgs(
                workload=workload,
                placement=self.placement,
                names=foundation.names,
                account=ACCOUNT,
                region=REGION,
                network=foundation.network,
                targets=foundation.edge.targets(ECS),
                endpoints={
                    name: Endpoint(host=f"{name}.example", port="1234", scheme="rediss", sslmode="require")
                    for name in self.managed
                },
                secrets=foundation.secrets.refs,
                images={name: image.format(name) for name in containers},
                repositories={
                    name: f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/portal-dev/{name}" for name in containers
                },
                key_arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/stack",
                cluster=ClusterSettings(),
                ecs=self.ecs_settings,
                site=self.site,
                protect=self.protect,
                tags={"stack": "dev"},
            ),
        )
        if self.then:
            self.then(self)

    def policy(self, unit):
        inputs = self.run.one("iam/rolePolicy:RolePolicy", f"ecs-{unit}-execution").inputs
        return {s["Sid"]: s for s in json.loads(inputs["policy"])["Statement"]}


@pytest.fixture(scope="module")
def dev():
    return Provisioned()


def test_every_service_that_is_not_managed_runs_and_the_job_ran_once(dev):
    assert {s.inputs["name"] for s in dev.run.of("ecs/service:Service")} == {"web", "api", "worker"}
    assert [run.name for run in dev.run.of("switchyard:JobRun")] == ["ecs-migrate-run"]
    assert set(dev.ecs.running) == {"web", "api", "worker"}


def test_tasks_have_private_addresses_behind_their_own_security_group(dev):
    groups = []
    for service in dev.run.of("ecs/service:Service"):
        network = service.inputs["networkConfiguration"]
        assert network["assignPublicIp"] is False
        assert all("private" in subnet for subnet in network["subnets"])
        groups += network["securityGroups"]
    assert len(set(groups)) == 3


def test_services_come_after_the_migration_and_clients_after_what_they_depend_on(dev):
    api = dev.run.one("ecs/service:Service", "ecs-api")
    web = dev.run.one("ecs/service:Service", "ecs-web")
    assert "ecs-migrate-run" in api.depends_on
    assert "ecs-api-rollout" in web.depends_on


def test_services_that_call_each_other_are_told_which_one_has_to_be_deployed_again(caplog):
    workload = sample()
    api = dataclasses.replace(workload.services["api"], links=(*workload.services["api"].links, "web"))
    Provisioned(workload=dataclasses.replace(workload, services={**workload.services, "api": api}))
    (warning,) = [line for line in caplog.messages if "call each other" in line]
    assert warning == (
        "api and web call each other: api comes up first, and its tasks find web from its next deployment on. After "
        "the first `up`: aws ecs update-service --cluster portal-dev-ecs-fargate --service api --force-new-deployment"
    )


def test_a_service_with_an_ingress_waits_until_its_target_group_is_in_use(dev):
    web = dev.run.one("ecs/service:Service", "ecs-web")
    rule = dev.ecs._args.targets["web"].parking_rule._name
    assert rule in web.depends_on
    assert web.inputs["loadBalancers"][0]["containerPort"] == 8000
    assert web.inputs["healthCheckGracePeriodSeconds"] == 50


def test_a_service_waits_for_the_capacity_and_for_its_rights(dev):
    assert {"ecs-capacity", "ecs-api-execution"} <= set(dev.run.one("ecs/service:Service", "ecs-api").depends_on)


def test_alarms_stand_before_the_service_that_they_guard(dev):
    web = dev.run.one("ecs/service:Service", "ecs-web")
    assert {"ecs-web-guard-errors", "ecs-web-guard-restarts"} <= set(web.depends_on)
    names = {alarm.inputs["name"] for alarm in dev.run.of("cloudwatch/metricAlarm:MetricAlarm")}
    assert set(web.inputs["alarms"]["alarmNames"]) <= names
    percent, errors, requests = dev.run.one("cloudwatch/metricAlarm:MetricAlarm", "ecs-web-guard-errors").inputs[
        "metricQueries"
    ]
    assert percent["expression"] == "100 * (FILL(errors0, 0)) / (FILL(requests0, 0))"
    for query in (errors, requests):
        assert query["metric"]["dimensions"]["TargetGroup"].startswith("suffix/")
        assert query["metric"]["dimensions"]["LoadBalancer"] == "suffix/edge-balancer"


def test_a_rollout_asks_for_the_very_task_definition_that_was_registered(dev):
    rollout = dev.run.one("switchyard:Rollout", "ecs-api-rollout")
    definition = dev.run.one("ecs/taskDefinition:TaskDefinition", "ecs-api")
    assert rollout.inputs["task_definition"].endswith(definition.id)
    assert "ecs-api" in rollout.depends_on


def test_a_changed_service_of_the_same_task_definition_is_a_rollout_of_its_own(dev):
    changed = Provisioned(spot=50).run.one("switchyard:Rollout", "ecs-api-rollout")
    assert changed.inputs["content"] != dev.run.one("switchyard:Rollout", "ecs-api-rollout").inputs["content"]


def test_a_count_that_the_autoscaler_keeps_is_no_rollout(dev):
    workload = sample()
    api = dataclasses.replace(workload.services["api"], replicas=3)
    changed = Provisioned(workload=dataclasses.replace(workload, services={**workload.services, "api": api}))
    contents = {stack.run.one("switchyard:Rollout", "ecs-api-rollout").inputs["content"] for stack in (dev, changed)}
    assert len(contents) == 1


def test_the_program_never_sets_back_what_the_autoscaler_counts(dev):
    assert dev.run.one("ecs/service:Service", "ecs-web").ignored == ("desiredCount",)
    assert {(owned.resource, owned.owner) for owned in dev.ecs.ledger} == {
        (f"ecs-{name}", "Application Auto Scaling") for name in ("web", "api", "worker")
    }


def test_old_revisions_stay_so_that_a_rollback_has_a_target(dev):
    assert all(d.inputs["skipDestroy"] for d in dev.run.of("ecs/taskDefinition:TaskDefinition"))


def test_container_definitions_hold_what_only_the_cloud_knows(dev):
    definition = dev.run.one("ecs/taskDefinition:TaskDefinition", "ecs-api")
    (container,) = json.loads(definition.inputs["containerDefinitions"])
    variables = {v["name"]: v["value"] for v in container["environment"]}
    assert variables["CACHE_URL"] == "rediss://cache.example:1234/0"
    assert container["image"].startswith(f"{ACCOUNT}.dkr.ecr.")
    assert container["secrets"][0]["valueFrom"].startswith("arn:aws:")


def test_the_execution_role_reaches_its_own_image_log_and_secrets_and_nothing_else(dev):
    api, web = dev.policy("api"), dev.policy("web")
    assert api["PullImages"]["Resource"] == [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/portal-dev/api"]
    assert len(api["WriteLog"]["Resource"]) == len(api["ReadSecrets"]["Resource"]) == 1
    assert api["WriteLog"]["Resource"][0].endswith("ecs-api-log:LogGroup:*")
    assert set(web) == {"WriteLog", "LogIn", "PullImages"}
    starred = {sid for statements in (api, web) for sid, s in statements.items() if s["Resource"] == ["*"]}
    assert starred == {"LogIn"}


def test_roles_are_for_ecs_tasks_of_this_account_and_region_only(dev):
    for role in (r for r in dev.run.of("iam/role:Role") if r.name.startswith("ecs-")):
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:*:ecs:{REGION}:{ACCOUNT}:*"},
        }


def test_a_containers_own_role_may_do_nothing(dev):
    assert {p.name for p in dev.run.of("iam/rolePolicy:RolePolicy") if p.name.startswith("ecs-")} == {
        f"ecs-{unit}-execution" for unit in ("web", "api", "worker", "migrate")
    }


def test_the_autoscaler_gets_each_target_of_the_description(dev):
    policies = {p.inputs["name"] for p in dev.run.of("appautoscaling/policy:Policy")}
    assert policies == {"web-cpu", "web-requests", "api-cpu", "api-memory", "worker-cpu"}
    custom = dev.run.one("appautoscaling/policy:Policy", "ecs-web-requests").inputs
    metric = custom["targetTrackingScalingPolicyConfiguration"]["customizedMetricSpecification"]
    assert metric["dimensions"][0]["name"] == "TargetGroup"
    assert metric["dimensions"][0]["value"].startswith("suffix/")


def test_containers_are_watched_in_detail_and_logs_end(dev):
    cluster = dev.run.one("ecs/cluster:Cluster")
    assert cluster.inputs["name"] == "portal-dev-ecs-fargate"
    assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    logs = {g.name: g.inputs["retentionInDays"] for g in dev.run.of("cloudwatch/logGroup:LogGroup")}
    assert logs["ecs-api-log"] == 30


def test_logs_are_encrypted_with_the_stacks_key(dev):
    groups = [g for g in dev.run.of("cloudwatch/logGroup:LogGroup") if g.name.startswith("ecs-")]
    assert {g.inputs["kmsKeyId"] for g in groups} == {f"arn:aws:kms:{REGION}:{ACCOUNT}:key/stack"}


def test_a_protected_stacks_logs_are_kept_longer():
    stack = Provisioned(protect=True)
    assert stack.run.one("cloudwatch/logGroup:LogGroup", "ecs-api-log").inputs["retentionInDays"] == 365


def test_a_stack_may_say_how_long_logs_are_kept():
    stack = Provisioned(log_days=7)
    assert stack.run.one("cloudwatch/logGroup:LogGroup", "ecs-api-log").inputs["retentionInDays"] == 7


def test_spot_tasks_come_beside_those_on_demand_and_never_for_jobs():
    stack = Provisioned(spot=60, on_demand=2)
    strategy = stack.run.one("ecs/service:Service", "ecs-api").inputs["capacityProviderStrategies"]
    assert strategy == [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 40},
        {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 60},
    ]
    request = json.loads(stack.run.one("switchyard:JobRun").inputs["request"])
    assert [c["capacityProvider"] for c in request["capacityProviderStrategy"]] == ["FARGATE"]


def test_every_service_tells_every_signal_or_why_not(dev):
    told = {(s.subject, s.name) for s in dev.ecs.signals if s.subject != NODES}
    assert told == {
        (service, name)
        for service in ("web", "api", "worker")
        for name in ("cpu", "memory", "running", "restarts", "oom", "error_lines")
    }


def test_events_are_those_of_the_own_cluster_only(dev):
    assert {e.name for e in dev.ecs.events} == {
        f"ecs-fargate-{event}" for event in ("task-stopped", "deployment-failed", "service-impaired")
    }
    assert all("portal-dev-ecs-fargate" in json.dumps(e.pattern) for e in dev.ecs.events)


def test_requests_are_routed_once_every_rollout_stands(dev):
    assert {r._name for r in dev.ecs.ready} == {"ecs-web-rollout", "ecs-api-rollout", "ecs-worker-rollout"}


@pytest.mark.parametrize("compute", [Compute.FARGATE, Compute.EC2])
def test_a_service_that_a_job_calls_gets_a_dns_name_of_its_placement(compute):
    workload = sample()
    job = dataclasses.replace(workload.jobs["migrate"], links=("cache", "db"))
    workload = dataclasses.replace(workload, jobs={"migrate": job})
    stack = Provisioned(managed=("db",), workload=workload, compute=compute)
    zone = stack.run.one("servicediscovery/privateDnsNamespace:PrivateDnsNamespace")
    assert zone.inputs["name"] == f"portal-dev-ecs-{compute}.internal"
    cache = stack.run.one("ecs/service:Service", "ecs-cache")
    registry = stack.run.one("servicediscovery/service:Service", "ecs-cache-dns")
    assert cache.inputs["serviceRegistries"]["registryArn"].endswith(registry.id)


def test_a_service_that_scales_by_a_queue_has_its_lines_counted_and_read():
    workload = sample()
    scaling = Scaling(min=1, max=5, queue=QueueTarget(name="transcripts", per_task=20))
    worker = dataclasses.replace(workload.services["worker"], scaling=scaling)
    stack = Provisioned(workload=dataclasses.replace(workload, services={**workload.services, "worker": worker}))
    of_worker = {s.name for s in stack.ecs.signals if s.subject == "worker" and isinstance(s.metric, Metric)}
    assert {"error_lines", "queue_depth", "queue_age"} < of_worker
    filters = {each.name: each.inputs for each in stack.run.of("cloudwatch/logMetricFilter:LogMetricFilter")}
    depth = filters["ecs-worker-queue_depth"]
    assert depth["logGroupName"] == "/portal/dev/ecs-fargate/worker"
    assert depth["metricTransformation"]["value"] == "$.queue_depth"
    policy = stack.run.one("appautoscaling/policy:Policy", "ecs-worker-queue").inputs
    custom = policy["targetTrackingScalingPolicyConfiguration"]["customizedMetricSpecification"]
    tracked = custom["metrics"][0]["metricStat"]["metric"]
    assert tracked["metricName"] == depth["metricTransformation"]["name"]
    assert tracked["namespace"] == depth["metricTransformation"]["namespace"]


def test_the_bounds_of_a_schedule_are_not_set_back():
    workload = sample()
    night = ScheduledScaling(at="cron(0 20 * * ? *)", min=1, max=2)
    worker = dataclasses.replace(workload.services["worker"], scaling=Scaling(min=1, max=5, cpu=70, schedule=(night,)))
    stack = Provisioned(workload=dataclasses.replace(workload, services={**workload.services, "worker": worker}))
    ignored = {each.name: set(each.ignored) for each in stack.run.of("appautoscaling/target:Target")}
    assert ignored["ecs-worker-scaling"] == {"minCapacity", "maxCapacity"}
    assert ignored["ecs-api-scaling"] == set()
    owners = {owned.owner for owned in stack.ecs.ledger if owned.resource == "ecs-worker-scaling"}
    assert owners == {"the schedule of `x-scaling`"}
