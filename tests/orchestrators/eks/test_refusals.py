"""What cannot run on EKS is refused before anything is made, with the place and the repair."""

import pytest

from orchestrators.eks.render import render
from orchestrators.eks.render.kubernetes import object_name
from tests.orchestrators.eks.portal import EC2, NAMES, container, portal, workload
from workload.errors import DescriptionError
from workload.model import Job, Mount, Scaling, Service


def refused(described, placement=EC2):
    with pytest.raises(DescriptionError) as error:
        render(described, placement, NAMES)
    return str(error.value)


def service(**changes):
    return workload(Service(container=container("app", **changes)))


DATA = (Mount(type="volume", source="db", target="/data"),)
CASES = {
    "sysctls": (
        service(sysctls={"kernel.shmmax": "1"}),
        (
            "compose.yaml:3:5: app: sysctls kernel.shmmax cannot be set by a pod:"
            " remove them or run the service on ecs;"
            " allowed are kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.ip_local_reserved_ports,"
            " net.ipv4.ip_unprivileged_port_start, net.ipv4.ping_group_range, net.ipv4.tcp_fin_timeout,"
            " net.ipv4.tcp_keepalive_intvl, net.ipv4.tcp_keepalive_probes, net.ipv4.tcp_keepalive_time,"
            " net.ipv4.tcp_syncookies"
        ),
    ),
    "group by name": (
        service(group_add=("video",)),
        (
            "compose.yaml:3:5: app: group_add video: a pod takes groups by number only;"
            " give theirs, as in `group_add: [44]`"
        ),
    ),
    "label": (
        service(labels={"not a key": "x"}),
        (
            "compose.yaml:3:5: app: labels not a key cannot be annotations:"
            " use letters, digits, `-`, `_` and `.`, at most 63 characters after an optional `domain/`"
        ),
    ),
    "replicas of a volume": (
        workload(Service(container=container("app", volumes=DATA), replicas=2)),
        (
            "compose.yaml:3:5: app: each of its 2 replicas would get a volume of its own:"
            " set `deploy.replicas: 1` without x-scaling"
        ),
    ),
    "scaling target": (
        workload(Service(container=container("app"), scaling=Scaling(min=1, max=2))),
        (
            "compose.yaml:3:5: app: x-scaling has no target, so nothing would scale:"
            " add `cpu: 60`, `memory: 70`, `requests` or `queue`"
        ),
    ),
    "shared volume": (
        workload(Service(container=container("app", volumes=DATA)), Service(container=container("bpp", volumes=DATA))),
        "compose.yaml:3:5: bpp: the volume db is app's; on EKS one pod alone mounts it: give bpp one of its own",
    ),
    "one Kubernetes name for two": (
        workload(Service(container=container("My")), Service(container=container(object_name("My")))),
        f"compose.yaml:3:5: {object_name('My')} and My have the same Kubernetes name: rename one",
    ),
    "schedule": (
        workload(jobs=(Job(container=container("load"), schedule="rate(7 minutes)"),)),
        (
            "compose.yaml:3:5: load: x-schedule 'rate(7 minutes)': a Kubernetes CronJob repeats by the clock:"
            " minutes that divide 60, hours that divide 24, or 1 day, or use the placement ecs-ec2"
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_says_what_and_how_to_repair_it(case):
    described, message = CASES[case]
    assert refused(described) == message


def test_all_reasons_come_at_once():
    found = refused(service(user=None, sysctls={"kernel.shmmax": "1"}, labels={"not a key": "x"}))
    assert found.count("compose.yaml:3:5:") == 3


def test_what_a_managed_service_says_is_not_looked_at():
    described = portal()
    described = workload(
        *(s for s in described.services.values() if s.name != "db"),
        Service(
            container=container("db", user=None, sysctls={"kernel.shmmax": "1"}),
            managed=described.services["db"].managed,
        ),
    )
    render(described, EC2, NAMES, ("db",))
