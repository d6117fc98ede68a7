"""How many EC2 instances a workload needs, and which instance types cannot run it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.names import Names
from orchestrators.ecs.instances import INSTANCES, fleet, pack, problems, smallest
from orchestrators.ecs.links import Links
from orchestrators.fargate import Size
from settings import EcsSettings
from tests.orchestrators.ecs.conftest import python
from workload.model import Resources, Scaling, Service, Update, Workload

LARGE = INSTANCES["m6i.large"]
SIZES = st.builds(Size, st.integers(128, LARGE.size.cpu), st.integers(256, LARGE.size.memory))


def refused(workload, *types, managed=()):
    links = Links(workload, Names("portal", "dev"), managed)
    return [str(p) for p in problems(workload, managed, links, EcsSettings(instance_types=types))]


@given(st.lists(SIZES, max_size=60))
def test_the_machines_hold_all_tasks_and_are_at_most_twice_what_any_packing_needs(tasks):
    count = pack(tasks, LARGE)
    needed = max(
        sum(t.cpu for t in tasks) / LARGE.size.cpu,
        sum(t.memory for t in tasks) / LARGE.size.memory,
        len(tasks) / LARGE.tasks,
    )
    assert needed <= count <= len(tasks)
    assert count <= 6 * needed + 1


@given(st.lists(SIZES, min_size=1, max_size=30), SIZES)
def test_one_task_more_never_needs_fewer_machines(tasks, another):
    assert pack([*tasks, Size(128, 256)], LARGE) >= pack(tasks, LARGE)
    assert pack([*tasks, another], LARGE) >= 1


def test_network_interfaces_limit_small_tasks():
    assert LARGE.tasks == 2
    assert pack([Size(128, 256)] * 5, LARGE) == 3


@given(least=st.integers(1, 8), more=st.integers(0, 8), parallelism=st.integers(0, 10))
def test_there_is_room_for_the_tasks_and_those_that_replace_them(least, more, parallelism):
    scaling = Scaling(min=least, max=least + more)
    service = Service(container=python("app"), scaling=scaling, update=Update(parallelism=parallelism))
    workload = Workload(name="one", services={"app": service}, jobs={}, secrets={}, configs={}, volumes={})
    found = fleet(workload, Links(workload, Names("one", "dev")), EcsSettings(), zones=2)
    beside = least if parallelism == 0 else min(parallelism, least)
    assert found.least * LARGE.tasks >= least + beside
    assert found.most * LARGE.tasks >= least + more
    assert found.most >= found.least >= 2


def test_the_fleet_of_the_sample_says_how_it_came_about(portal, names):
    found = fleet(portal, Links(portal, names, ("db", "cache")), EcsSettings(), zones=2)
    assert (found.least, found.most) == (5, 18)
    assert found.reason == (
        "5 m6i.large hold 9 tasks, every service at its least while all are rolled, and 18 hold 35, every service at "
        "its most; the limit is the number of network interfaces"
    )


def test_the_disk_of_an_instance_holds_what_its_tasks_write(one, names):
    def disk(storage, *types):
        workload = one({"storage": storage})
        return fleet(workload, Links(workload, names), EcsSettings(instance_types=types), zones=2).disk

    assert disk(None, "m6i.large") == 50
    assert disk(40 * 1024**3, "m6i.large") == 50 + 2 * 40
    assert disk(40 * 1024**3, "m6i.large", "m6i.4xlarge") == 50 + 7 * 40


def test_alternatives_count_as_the_smallest_of_them():
    mixed = smallest(("m6i.large", "c6i.xlarge"))
    assert mixed.size.memory == INSTANCES["c6i.xlarge"].size.memory
    assert (mixed.size.cpu, mixed.interfaces) == (2048, 3)


@pytest.mark.parametrize("types", [("m6i.huge",), ()])
def test_a_type_that_is_not_known_is_refused_with_those_that_are(one, types):
    (reason,) = refused(one(), *types)
    said = "m6i.huge is not known here" if types else "is empty"
    assert reason == (
        f"ecs.instance_types: {said}; known are large to 8xlarge (t3, t3a, t4g: medium to 2xlarge) of c6a, c6g, c6i, "
        "c7a, c7g, c7i, m5, m6a, m6g, m6i, m7a, m7g, m7i, r5, r6a, r6g, r6i, r7a, r7g, r7i, t3, t3a, t4g. "
        "Set `ecs.instance_types: [m6i.large]`."
    )


def test_two_architectures_are_refused(one):
    assert refused(one(), "m6i.large", "m6g.large") == [
        "ecs.instance_types: mixes x86_64 and ARM64; an image runs on one of them. Name one kind."
    ]


def test_an_image_of_the_other_architecture_is_refused(one):
    assert refused(one(), "m6g.large") == [
        (
            "compose.yaml:3:5: app: its containers are built for x86_64 and ecs.instance_types are ARM64. "
            "Set `platform: linux/arm64`, name other types, or use the placement ecs-fargate."
        )
    ]
    assert refused(one(architecture="arm64"), "m6g.large") == []


def test_a_task_that_fits_on_no_instance_is_refused_with_a_type_that_holds_it(one):
    large = one(resources=Resources(cpus=3, memory=10 * 1024**3))
    assert refused(large, "m6i.large") == [
        (
            "compose.yaml:3:5: app: a task of 3 vCPU and 10240 MiB fits on no m6i.large, which leaves 2 vCPU and "
            "7526 MiB to tasks. Set `ecs.instance_types: [m5.xlarge]`, or use the placement ecs-fargate."
        )
    ]
    assert refused(large, "m5.xlarge") == []


def test_a_task_that_no_known_instance_holds_is_refused(one):
    huge = one(resources=Resources(cpus=64, memory=1024**3))
    reason, *_ = refused(huge, "m6i.large")
    assert reason == (
        "compose.yaml:3:5: app: a task of 64 vCPU and 1024 MiB fits on no m6i.large, which leaves 2 vCPU and 7526 MiB "
        "to tasks. Ask for less, or use the placement eks-ec2."
    )


def scaled(one, most, **changes):
    return one({"scaling": Scaling(min=1, max=most)}, **changes)


def test_tasks_whose_network_interfaces_need_more_instances_than_a_cluster_holds_are_refused(one):
    small = {"resources": Resources(cpus=0.25, memory=512 * 1024**2)}
    assert refused(scaled(one, 5000, **small), "m6i.large") == []
    assert refused(scaled(one, 9000, **small), "m6i.large") == [
        (
            "ecs.instance_types: every service at its most is 18000 tasks, which need 9000 m6i.large, and a cluster "
            "holds 5000; the limit is the number of network interfaces, 2 for tasks on each. "
            "Set `ecs.instance_types: [c6a.4xlarge]`, or use the placement ecs-fargate."
        )
    ]
    assert refused(scaled(one, 9000, **small), "c6a.4xlarge") == []


def test_tasks_that_no_known_instances_hold_in_one_cluster_are_refused(one):
    large = {"resources": Resources(cpus=16, memory=1024**3)}
    assert refused(scaled(one, 9000, **large), "m6i.4xlarge") == [
        (
            "ecs.instance_types: every service at its most is 18000 tasks, which need 18000 m6i.4xlarge, and a cluster "
            "holds 5000; the limit is cpu. Lower `max` of `x-scaling`, or use the placement ecs-fargate."
        )
    ]


def test_what_is_managed_needs_no_instance(portal):
    db = dataclasses.replace(portal.services["db"].container, resources=Resources(cpus=64))
    workload = dataclasses.replace(
        portal, services={**portal.services, "db": dataclasses.replace(portal.services["db"], container=db)}
    )
    assert refused(workload, "m6i.large", managed=("db", "cache")) == []
    assert len(refused(workload, "m6i.large")) == 1
