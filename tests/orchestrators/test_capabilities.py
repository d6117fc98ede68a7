"""Every refusal in its exact words, with the nearest placement that would work."""

from dataclasses import replace

import pytest

from orchestrators import registry
from orchestrators.capabilities import CAPABILITIES, ECS, EKS, check, elsewhere, refusals
from settings import Compute, Orchestrator, Placement, Settings
from workload.model import (
    Condition,
    Container,
    Dependency,
    Grant,
    HealthCheck,
    Job,
    Managed,
    Mount,
    Port,
    Position,
    Resources,
    Scaling,
    ScheduledScaling,
    Service,
    Ulimit,
    Workload,
)
from workload.text import Text

AT = Position("compose.yaml", 7, 3)
FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
SITE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.DATACENTER)
PODS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.FARGATE)
GIB = 1024**3


def workload(*units):
    services = {unit.name: unit for unit in units if isinstance(unit, Service)}
    jobs = {unit.name: unit for unit in units if isinstance(unit, Job)}
    return Workload(name="one", services=services, jobs=jobs, secrets={}, configs={}, volumes={})


def container(name="app", **changes):
    return Container(name=name, at=AT, **{"user": "1:1", **changes})


def app(service=None, **changes):
    return workload(Service(container=container(**changes), **(service or {})))


VOLUME = (Mount(type="volume", source="data", target="/data"),)
POSTGRES = Managed(engine="postgres", version="17")


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (
            app({"managed": POSTGRES}, volumes=VOLUME),
            (
                "app keeps data in the volume data, which ecs-fargate cannot give: a task's disk is lost with the "
                "task. Set `managed: [app]` in the stack's config, say `x-ephemeral: true` if the data may be lost, "
                "or use the placement eks-ec2."
            ),
        ),
        (
            app(secrets=(Grant(source="api-key", target="/run/secrets/api-key"),)),
            (
                "app reads the secret api-key as the file /run/secrets/api-key, which ecs-fargate cannot give: ECS "
                "gives secrets as environment variables only. Name the path in one variable "
                "(`API_KEY_FILE: /run/secrets/api-key`) and nowhere else: then `API_KEY` holds the secret, "
                "or use the placement eks-fargate."
            ),
        ),
        (
            app(cap_add=("NET_ADMIN", "CAP_SYS_TIME")),
            (
                "app adds the Linux capability NET_ADMIN, SYS_TIME, which ecs-fargate cannot give: Fargate adds "
                "SYS_PTRACE only. Remove it from `cap_add`, or use the placement ecs-ec2."
            ),
        ),
        (
            app(cap_add=("NET_BIND_SERVICE",)),
            (
                "app adds the Linux capability NET_BIND_SERVICE, which ecs-fargate cannot give: Fargate adds "
                "SYS_PTRACE only. Listen on a port above 1023 and remove it from `cap_add`, "
                "or use the placement ecs-ec2."
            ),
        ),
        (
            app(shm_size=GIB),
            (
                "app sets the size of /dev/shm, which ecs-fargate cannot give: Fargate fixes the size of /dev/shm. "
                "Remove `shm_size`, or use the placement ecs-ec2."
            ),
        ),
        (
            app(ulimits={"nproc": Ulimit(soft=1, hard=1), "nofile": Ulimit(soft=1, hard=1)}),
            (
                "app sets the ulimit nproc, which ecs-fargate cannot give: Fargate sets nofile only. Remove it from "
                "`ulimits`, or use the placement ecs-ec2."
            ),
        ),
        (
            app(group_add=("44",)),
            (
                "app adds the groups 44, which ecs-fargate cannot give: a task definition names one group. Give the "
                "user its groups in the image, remove `group_add`, or use the placement eks-fargate."
            ),
        ),
        (
            app(stop_grace_period=300),
            (
                "app takes up to 300 s to stop, which ecs-fargate cannot give: Fargate ends a container 120 s after "
                "its stop signal at the latest. Set `stop_grace_period` to 120s or less, "
                "or use the placement ecs-ec2."
            ),
        ),
        (
            app(stop_signal="SIGQUIT"),
            (
                "app is stopped by SIGQUIT, which ecs-fargate cannot give: ECS sends the signal that the image names. "
                "Write `STOPSIGNAL SIGQUIT` into its Dockerfile, remove `stop_signal`."
            ),
        ),
        (
            app(healthcheck=HealthCheck(test=(Text.of("true"),), interval=600, retries=20)),
            (
                "app has a health check with interval 600, retries 20, which ecs-fargate cannot give: ECS limits the "
                "times of a health check. Stay within interval 300s, timeout 60s, retries 10, start_period 300s, "
                "or use the placement eks-fargate."
            ),
        ),
        (
            app(
                {"sidecars": (container("log", depends_on=(Dependency(service="app", condition=Condition.HEALTHY),)),)}
            ),
            (
                "app has log wait for app to be healthy, which has no health check, which ecs-fargate cannot give: a "
                "health check inside the image is not looked at. Give app a `healthcheck`."
            ),
        ),
        (
            app(resources=Resources(cpus=32, memory=GIB)),
            (
                "app is too large (app 32 vCPU and 1024 MiB: together 32 vCPU and 1024 MiB; Fargate sells no size so "
                "large), which ecs-fargate cannot give: Fargate ends at 16 vCPU and 122880 MiB. Ask for less, or use "
                "the placement ecs-ec2."
            ),
        ),
        (
            app({"storage": 250 * GIB}),
            (
                "app writes up to 250 GiB to its disk, which ecs-fargate cannot give: Fargate gives a task 200 GiB of "
                "disk at most. Set `x-storage` to 200g or less, or use the placement ecs-ec2."
            ),
        ),
        (
            app({"sidecars": tuple(container(f"s{n}") for n in range(10))}),
            (
                "app has 11 containers, which ecs-fargate cannot give: a task definition holds at most 10 containers. "
                "Have at most nine sidecars, or use the placement eks-fargate."
            ),
        ),
        (
            app(ports=(Port(target=53, protocol="udp"),)),
            (
                "app listens on UDP port 53, which ecs-fargate cannot give: Service Connect and the edge carry TCP "
                "only. Use TCP, or use the placement eks-fargate."
            ),
        ),
    ],
)
def test_what_ecs_on_fargate_cannot_give_is_refused_with_the_repair(described, message):
    assert [str(refusal) for refusal in refusals(described, FARGATE)] == [f"compose.yaml:7:3: {message}"]


ON_FARGATE_PODS = {
    "volume that survives": (
        app(volumes=VOLUME),
        (
            "app keeps data in the volume data, which eks-fargate cannot give: pods on Fargate cannot use EBS volumes. "
            "Add `x-managed` and manage it, say `x-ephemeral: true` if the data may be lost, "
            "or use the placement eks-ec2."
        ),
    ),
    "SYS_PTRACE": (
        app(cap_add=("SYS_PTRACE",)),
        (
            "app adds the Linux capability SYS_PTRACE, which eks-fargate cannot give: its pods keep the pod security "
            "standard `restricted`. Remove it from `cap_add`, or use the placement ecs-fargate."
        ),
    ),
    "other Linux capabilities": (
        app(cap_add=("NET_ADMIN",)),
        (
            "app adds the Linux capability NET_ADMIN, which eks-fargate cannot give: its pods keep the pod security "
            "standard `restricted`. Remove it from `cap_add`, or use the placement ecs-ec2."
        ),
    ),
    "ulimit nofile": (
        app(ulimits={"nofile": Ulimit(soft=1, hard=1)}),
        (
            "app sets the ulimit nofile, which eks-fargate cannot give: Kubernetes sets no ulimits. "
            "Remove it from `ulimits`, or use the placement ecs-fargate."
        ),
    ),
    "other ulimits": (
        app(ulimits={"nproc": Ulimit(soft=1, hard=1)}),
        (
            "app sets the ulimit nproc, which eks-fargate cannot give: Kubernetes sets no ulimits. "
            "Remove it from `ulimits`, or use the placement ecs-ec2."
        ),
    ),
    "user by name": (
        app(user="www-data"),
        (
            "app runs as the user www-data by name, which eks-fargate cannot give: Kubernetes takes users by number. "
            "Give its number (`user: 10001:10001`), or use the placement ecs-fargate."
        ),
    ),
    "root": (
        app(user=None),
        (
            "app runs as root or does not say as whom, which eks-fargate cannot give: its pods keep the pod security "
            "standard `restricted`. Say who (`user: 10001:10001`), or use the placement ecs-fargate."
        ),
    ),
    "ARM64": (
        app(architecture="arm64"),
        (
            "app is built for linux/arm64, which eks-fargate cannot give: pods on Fargate run on x86_64 only. "
            "Build it for linux/amd64, or use the placement eks-ec2."
        ),
    ),
    "stop signal": (
        app(stop_signal="SIGQUIT"),
        (
            "app is stopped by SIGQUIT, which eks-fargate cannot give: Kubernetes sends the signal that the image "
            "names. Write `STOPSIGNAL SIGQUIT` into its Dockerfile, remove `stop_signal`."
        ),
    ),
    "health check of the image": (
        app({"sidecars": (container("log", depends_on=(Dependency(service="app", condition=Condition.HEALTHY),)),)}),
        (
            "app has log wait for app to be healthy, which has no health check, which eks-fargate cannot give: a "
            "health check inside the image is not looked at. Give app a `healthcheck`."
        ),
    ),
    "scheduled scaling": (
        app(
            {
                "scaling": Scaling(
                    min=1, max=2, cpu=60, schedule=(ScheduledScaling(at="cron(0 8 * * ? *)", min=2, max=4),)
                )
            }
        ),
        (
            "app scales by a schedule, which eks-fargate cannot give: a HorizontalPodAutoscaler has no schedule. "
            "Remove `schedule` from `x-scaling`, or use the placement ecs-fargate."
        ),
    ),
    "disk over 175 GiB": (
        app({"storage": 180 * GIB}),
        (
            "app writes up to 180 GiB to its disk, which eks-fargate cannot give: a pod on Fargate has 175 GiB of disk "
            "at most. Set `x-storage` to 175g or less, or use the placement eks-ec2."
        ),
    ),
    "large task": (
        app(resources=Resources(cpus=32, memory=GIB)),
        (
            "app is too large (app 32 vCPU and 1024 MiB: together 32 vCPU and 1024 MiB; Fargate sells no size so "
            "large), which eks-fargate cannot give: Fargate ends at 16 vCPU and 122880 MiB. Ask for less, or use "
            "the placement eks-ec2."
        ),
    ),
}


@pytest.mark.parametrize("capability", ON_FARGATE_PODS)
def test_what_pods_on_fargate_cannot_give_is_refused_with_the_repair(capability):
    described, message = ON_FARGATE_PODS[capability]
    assert [str(refusal) for refusal in refusals(described, PODS)] == [f"compose.yaml:7:3: {message}"]


def test_every_capability_that_pods_lack_has_its_text_above():
    assert set(ON_FARGATE_PODS) == {row.name for row in CAPABILITIES if set(row.lacking) & set(EKS)}


@pytest.mark.parametrize("capability", ["user by name", "root", "SYS_PTRACE", "ulimit nofile", "ARM64"])
def test_what_pods_on_fargate_cannot_give_ecs_may(capability):
    described, _ = ON_FARGATE_PODS[capability]
    assert refusals(described, FARGATE) == []


def test_every_capability_that_ecs_lacks_has_its_text_here():
    (cases,) = (
        mark.args[1]
        for mark in test_what_ecs_on_fargate_cannot_give_is_refused_with_the_repair.pytestmark
        if mark.name == "parametrize"
    )
    found = {refusal.capability for described, _ in cases for refusal in refusals(described, FARGATE)}
    # A sidecar is refused in a data centre alone, and has its text below.
    assert found | {"sidecar"} == {row.name for row in CAPABILITIES if set(row.lacking) & set(ECS)}


SIX = [
    Placement(orchestrator=Orchestrator(key.split("-")[0]), compute=Compute(key.split("-")[1])) for key in (*ECS, *EKS)
]


@pytest.mark.parametrize("placement", SIX, ids=lambda placement: placement.key)
def test_the_placement_that_is_advised_can_do_it_and_there_is_none_where_none_is_named(placement):
    (cases,) = (mark.args[1] for mark in test_what_ecs_on_fargate_cannot_give_is_refused_with_the_repair.pytestmark)
    sidecar = app({"sidecars": (container("log"),)})
    for described in (sidecar, *(one for one, _ in (*cases, *ON_FARGATE_PODS.values()))):
        for refusal in refusals(described, placement):
            refusing = {
                other.key: {found.capability for found in refusals(described, other)}
                for other in SIX
                if other != placement
            }
            if refusal.nearest:
                assert refusal.capability not in refusing[refusal.nearest], str(refusal)
            else:
                assert all(refusal.capability in found for found in refusing.values()), str(refusal)


def test_nobody_is_sent_where_another_part_of_the_description_is_refused():
    assert elsewhere(app(), FARGATE, ()) == ", or use the placement ecs-ec2"
    assert elsewhere(app(), FARGATE, (), lacking=ECS) == ", or use the placement eks-fargate"
    assert elsewhere(app(user=None), FARGATE, (), lacking=ECS) == ""
    assert elsewhere(app(volumes=VOLUME, user=None), FARGATE, ()) == ", or use the placement ecs-datacenter"


def test_all_reasons_come_at_once_for_every_placement_of_the_stack():
    settings = Settings(project="portal", stack="dev", region="eu-central-1", placements=(FARGATE, PODS))
    described = app(volumes=VOLUME, cap_add=("NET_ADMIN",))
    found = check(described, settings)
    assert [(r.placement, r.capability) for r in found] == [
        ("ecs-fargate", "volume that survives"),
        ("ecs-fargate", "other Linux capabilities"),
        ("eks-fargate", "volume that survives"),
        ("eks-fargate", "other Linux capabilities"),
    ]


def test_the_placement_that_takes_the_whole_description_is_named_before_a_nearer_one():
    described = app(volumes=VOLUME, group_add=("44",))
    assert {refusal.nearest for refusal in refusals(described, FARGATE)} == {"eks-ec2"}


def test_what_is_managed_or_said_to_be_ephemeral_is_not_refused():
    assert refusals(app({"managed": POSTGRES}, volumes=VOLUME), FARGATE, ("app",)) == []
    assert refusals(app({"ephemeral": True}, volumes=VOLUME), FARGATE) == []


def test_a_secret_that_two_texts_speak_of_cannot_become_a_variable():
    granted = (Grant(source="key", target="/run/secrets/key"),)
    variables = {"KEY_FILE": Text.of("/run/secrets/key"), "KEYS": Text.of("/run/secrets/key,/other")}
    assert refusals(app(secrets=granted, environment={"KEY_FILE": variables["KEY_FILE"]}), FARGATE) == []
    assert [r.capability for r in refusals(app(secrets=granted, environment=variables), FARGATE)] == [
        "secret as a file"
    ]


def test_rows_speak_of_known_placements_only():
    for capability in CAPABILITIES:
        assert set(capability.lacking) <= {*ECS, *EKS}
        assert capability.lacking, f"{capability.name} is no row: every placement can"


def test_machines_that_this_version_does_not_provision_are_refused(monkeypatch):
    known = registry.ORCHESTRATORS["ecs"]
    monkeypatch.setitem(registry.ORCHESTRATORS, "ecs", replace(known, computes=(Compute.FARGATE, Compute.EC2)))
    (refusal,) = refusals(app(), SITE)
    assert str(refusal) == (
        "one wants machines of the kind datacenter, which ecs-datacenter cannot give: this version provisions ecs on "
        "fargate and ec2. Change `compute`, or use the placement ecs-fargate."
    )


def test_containers_of_a_task_share_no_localhost_on_machines_of_ones_own():
    (refusal,) = refusals(app({"sidecars": (container("log"),)}), SITE)
    assert str(refusal) == (
        "compose.yaml:7:3: app has the sidecar log, which ecs-datacenter cannot give: the containers of a task share "
        "no localhost on the machine's bridge. Make it a service of its own, or use the placement ecs-fargate."
    )
    assert refusals(app({"sidecars": (container("log"),)}), FARGATE) == []


def test_a_volume_survives_on_machines_of_ones_own():
    assert refusals(app(volumes=VOLUME), SITE) == []


def test_a_volume_survives_no_task_on_instances_of_ecs():
    (refusal,) = refusals(app(volumes=VOLUME), Placement(orchestrator=Orchestrator.ECS, compute=Compute.EC2))
    assert str(refusal) == (
        "compose.yaml:7:3: app keeps data in the volume data, which ecs-ec2 cannot give: ECS makes each EBS volume "
        "anew from a snapshot, never from the volume that was. Add `x-managed` and manage it, say `x-ephemeral: true` "
        "if the data may be lost, or use the placement eks-ec2."
    )


def test_a_data_centre_is_the_last_that_is_advised():
    (refusal,) = refusals(app(volumes=VOLUME), FARGATE)
    assert refusal.nearest == "eks-ec2"
