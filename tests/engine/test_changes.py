"""What a single change touches, on each placement and in each stack: exactly what is written here, nothing else."""

from dataclasses import dataclass, replace

import pytest

from tests.engine.belongings import belongings, causes, links, scaling
from tests.engine.observe import touched
from tests.engine.project import STACKS

SECRET = "aws:secretsmanager/secretVersion:SecretVersion"
DYNAMIC = "pulumi-python:dynamic/switchyard"


RECORD = "update alerting-mail-changes (aws:ssm/parameter:Parameter)"
"""What alarm mails say was changed last: it goes along with every change of a service."""


@dataclass(frozen=True)
class Place:
    """What the same thing is called on one placement."""

    key: str

    def rolled(self, service):
        """The service takes a new revision, and the `up` waits for it."""
        if self.key.startswith("eks"):
            name = f"{self.key}-deployment-{service}"
            return {f"update {name} (kubernetes:apps/v1:Deployment)"} | replaced(
                f"{name}-rollout", f"{DYNAMIC}:KubernetesRollout"
            )
        name = f"{self.key}-{service}"
        task = replaced(name, "aws:ecs/taskDefinition:TaskDefinition")
        return task | {f"update {name} (aws:ecs/service:Service)"} | replaced(f"{name}-rollout", f"{DYNAMIC}:Rollout")

    def migrated(self):
        """The migration runs once more."""
        if self.key.startswith("eks"):
            name = f"{self.key}-job-migrate"
            return replaced(name, "kubernetes:batch/v1:Job") | replaced(
                f"{name}-rollout", f"{DYNAMIC}:KubernetesRollout"
            )
        name = f"{self.key}-migrate"
        return replaced(name, "aws:ecs/taskDefinition:TaskDefinition") | replaced(f"{name}-run", f"{DYNAMIC}:JobRun")

    def scaled(self, service):
        """The autoscaler has other bounds; at the site its machines set them, a task of a service on each."""
        if self.key == "ecs-datacenter":
            return set()
        if self.key.startswith("eks"):
            name = f"{self.key}-horizontalpodautoscaler-{service}"
            return {f"update {name} (kubernetes:autoscaling/v2:HorizontalPodAutoscaler)"}
        return {f"update {self.key}-{service}-scaling (aws:appautoscaling/target:Target)"} | self.machines()

    def pulling(self, *units):
        """On ECS each unit's own role says which repository it pulls from, on EKS the nodes' one says any."""
        if self.key.startswith("eks"):
            return set()
        return {f"update {self.key}-{unit}-execution (aws:iam/rolePolicy:RolePolicy)" for unit in units}

    def told(self):
        """Mails and the dashboard know the services; on ECS the mails' handler may read the logs of each by name."""
        return {MAIL, DASHBOARD} | ({LOGS} if self.key.startswith("ecs") else set())

    def machines(self):
        """The group of instances has other bounds, where the tasks' number and size make them."""
        if self.key != "ecs-ec2":
            return set()
        return {"update ecs-ec2-machines-group (aws:autoscaling/group:Group)"}


def created(lines):
    return {f"create {line}" for line in lines}


def deleted(lines):
    return {f"delete {line}" for line in lines}


def replaced(name, type_):
    return {f"{verb} {name} ({type_})" for verb in ("create-replacement", "replace", "delete-replaced")}


@pytest.fixture
def here(placement):
    return Place(placement)


@pytest.fixture(params=STACKS)
def name(request):
    return request.param


@pytest.fixture
def change(placed, name):
    """Gives what the change touches, and takes the change back."""
    files = [placed.folder / file for file in ("__main__.py", "compose.yaml", f"Pulumi.{name}.yaml")]
    before = [file.read_text() for file in files]

    def apply(*texts, **values):
        placed.describe(*texts)
        placed.configure(name, values)
        return touched(placed.stack(name)) - {RECORD}

    yield apply
    for file, text in zip(files, before, strict=True):
        file.write_text(text)


def test_an_environment_variable_rolls_its_service_alone(change, here):
    port = "      PORT: ${WEB_PORT:-8000}\n"
    assert change((port, f"{port}      GREETING: hello\n")) == here.rolled("web")


@pytest.mark.parametrize("placement", ["ecs-fargate", "ecs-ec2"], indirect=True, scope="session")
def test_another_deployment_strategy_keeps_the_rule_and_the_service(change, here):
    # It goes with no scaling by requests, which counts those of one target group.
    found = change((", requests: 600}", "}"), ecs={"deployment": "blue_green"})
    policy = f"delete {here.key}-web-requests (aws:appautoscaling/policy:Policy)"
    second = {
        f"create edge-{here.key}-web-alternate (aws:lb/targetGroup:TargetGroup)",
        f"create {here.key}-web-shift (aws:iam/role:Role)",
        f"create {here.key}-web-shift (aws:iam/rolePolicy:RolePolicy)",
        "create alerting-web-2-unhealthy-targets (aws:cloudwatch/metricAlarm:MetricAlarm)",
        "update alerting-cause-edge-notify (aws:cloudwatch/compositeAlarm:CompositeAlarm)",
    }
    service = {
        f"update {here.key}-web (aws:ecs/service:Service)",
        f"update {here.key}-web-guard-errors (aws:cloudwatch/metricAlarm:MetricAlarm)",
    } | replaced(f"{here.key}-web-rollout", f"{DYNAMIC}:Rollout")
    kept = {f"update {name} ({DYNAMIC}:Keeper)" for name in ("keeper", "kept")}
    assert found == {policy, MAIL, DASHBOARD} | second | service | kept | here.machines()


def test_a_size_rolls_its_service_alone(change, here):
    size = 'limits: {cpus: "0.5", memory: 1G}\n    x-scaling'
    assert change((size, size.replace("0.5", "1").replace("1G", "2G"))) == here.rolled("api") | here.machines()


def test_scaling_bounds_touch_the_scaling_target_alone(change, here):
    bounds = "x-scaling: {min: 1, max: 5, cpu: 70}"
    assert change((bounds, bounds.replace("max: 5", "max: 7"))) == here.scaled("worker")


def test_replicas_of_a_scaled_service_are_the_autoscalers_matter(change):
    workers = 'replicas: 1\n      resources:\n        limits: {cpus: "0.25", memory: 512M}\n    x-scaling'
    assert change((workers, workers.replace("replicas: 1", "replicas: 2"))) == set()


def test_a_new_image_runs_the_migration_and_rolls_what_uses_it(change, here):
    build = "build: {context: app}"
    image = "update images-portal (docker-build:index:Image)"
    users = here.migrated() | here.rolled("web") | here.rolled("api") | here.rolled("worker")
    assert change((build, "build: {context: app, args: {EDITION: second}}")) == {image} | users


@pytest.mark.parametrize("name", ["dev"])  # the repository of prod is protected
def test_an_image_from_elsewhere_takes_the_place_of_the_built_one_and_its_repository(change, here):
    digest = f"example.com/portal@sha256:{'1' * 64}"
    found = change(images=dict.fromkeys(("web", "api", "worker", "migrate"), digest))
    users = here.migrated() | here.rolled("web") | here.rolled("api") | here.rolled("worker")
    gone = deleted((
        "images-portal (aws:ecr/lifecyclePolicy:LifecyclePolicy)",
        "images-portal (aws:ecr/repository:Repository)",
        "images-portal (docker-build:index:Image)",
    ))  # fmt: skip
    assert found == users | gone | here.pulling("web", "api", "worker", "migrate")


MAIL = "update alerting-mail (aws:lambda/function:Function)"
"""The handler, which is told who gets mail and what each alarm says."""

DASHBOARD = "update alerting (aws:cloudwatch/dashboard:Dashboard)"
LOGS = "update alerting-mail (aws:iam/rolePolicy:RolePolicy)"


def test_a_threshold_touches_its_alarm_and_what_the_mail_says_of_it(change, here):
    ingress = "    x-ingress: {port: 8000, path: /}\n"
    alarm = f"update alerting-{here.key}-web-cpu (aws:cloudwatch/metricAlarm:MetricAlarm)"
    found = change((ingress, f"{ingress}    x-alarms: {{cpu: {{threshold: 91}}}}\n"))
    # EKS on Fargate has no such signal, so no alarm either.
    assert found == (set() if here.key == "eks-fargate" else {alarm, MAIL, DASHBOARD})


def test_another_recipient_touches_who_is_told_alone(change, name):
    told = "alerting-mail-fallback-{} (aws:sns/topicSubscription:TopicSubscription)"
    assert change(alerts={"sender": "alerts@example.com", "to": ["you@example.com"]}) == {
        MAIL, f"create {told.format('you@example.com')}", f"delete {told.format(f'{name}@example.com')}"
    }  # fmt: skip


MORE = """
  more:
    <<: *python
    command: [python, -m, portal.worker]
    deploy:
      resources:
        limits: {cpus: "0.25", memory: 512M}

secrets:
"""


@pytest.fixture
def set_by_hand(placed, name):
    version = next(v for v in placed.cloud.objects(SECRET) if f"urn:pulumi:{name}::" in v.urn)
    placed.cloud.put(replace(version, outputs={**version.outputs, "versionId": "by-hand"}))
    yield
    placed.cloud.put(version)


def test_a_secret_that_was_set_by_hand_rolls_its_clients_alone(set_by_hand, change, here):
    fetched = set()
    if here.key.startswith("eks"):
        fetched = replaced(f"{here.key}-externalsecret-db_password", "kubernetes:external-secrets.io/v1:ExternalSecret")
    assert change() == fetched | here.migrated() | here.rolled("api") | here.rolled("worker")


def test_one_more_service_leaves_the_others_alone(change, here):
    assert change(("\nsecrets:\n", MORE)) == created(belongings(here.key, "more")) | here.told() | here.machines()


def test_one_service_fewer_leaves_the_others_alone(change, here, placed):
    text = (placed.folder / "compose.yaml").read_text()
    worker = text[text.index("\n  worker:\n") : text.index("\n  # Runs to its end")]
    gone = [
        belongings(here.key, "worker"),
        scaling(here.key, "worker"),
        links(here.key, "worker", db=5432, cache=6379),
        causes(here.key, "worker"),
    ]
    assert change((worker, "")) == deleted(set().union(*gone)) | here.told() | here.machines()


RENAMED = """
def renamed(component):
    def make(name, args, opts):
        aliases = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)])
        return component(f"my-{name}", args, pulumi.ResourceOptions.merge(opts, aliases))

    return make


for name, value in list(globals().items()):
    if isinstance(value, type) and issubclass(value, pulumi.ComponentResource):
        globals()[name] = renamed(value)
given = registry.component
registry.component = lambda placement: renamed(given(placement))

settings, workload = stack.current()
"""


def test_renamed_components_keep_their_resources_by_aliases(change, placed):
    """All that the program names at once, and with them what is inside."""
    program = placed.folder / "__main__.py"
    text = program.read_text()
    assert "\nsettings, workload = stack.current()\n" in text
    program.write_text(text.replace("\nsettings, workload = stack.current()\n", RENAMED))
    assert change() == set()
