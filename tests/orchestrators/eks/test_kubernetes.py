"""Kubernetes' own forms hold for whatever a description may say."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.eks.render.kubernetes import NAME_LIMIT, cpu, cron, is_annotation_key, memory, object_name
from orchestrators.eks.render.scene import Scene
from tests.orchestrators.eks.portal import EC2, NAMES, container, workload
from workload.model import Service

NAME = st.text(alphabet="abcXYZ019-_.", min_size=1, max_size=120)
UNITS = {"": 1, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


@given(NAME)
def test_every_name_is_a_dns_label_with_room_for_what_controllers_append(name):
    made = object_name(name)
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", made)
    assert len(made) <= NAME_LIMIT


@given(st.lists(NAME, unique=True, min_size=2, max_size=8))
def test_different_names_stay_different(names):
    assert len({object_name(name) for name in names}) == len(names)


@given(NAME, NAME)
def test_every_label_value_is_one_that_kubernetes_takes(name, other):
    """Kubernetes: labels and selectors, syntax; the values of a workload's labels are its names."""
    described = workload(Service(container=container(name)), name=other)
    scene = Scene(workload=described, placement=EC2, names=NAMES, managed=())
    for value in scene.labels(name).values():
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", value)


@given(st.from_regex(r"[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,10}){0,2}", fullmatch=True))
def test_a_name_that_is_right_stays(name):
    assert object_name(name) == name


@given(st.integers(min_value=1, max_value=2**45))
def test_memory_is_exact(size):
    number, unit = re.fullmatch(r"(\d+)([KMG]i)?", memory(size)).groups()
    assert int(number) * UNITS[unit or ""] == size


@given(st.floats(min_value=0.001, max_value=200))
def test_cpu_is_right_to_a_thousandth_of_a_core(cores):
    quantity = cpu(cores)
    made = Decimal(quantity.removesuffix("m")) / (1000 if quantity.endswith("m") else 1)
    assert abs(float(made) - cores) <= 0.0005 + 1e-9


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("rate(1 minute)", "*/1 * * * *"),
        ("rate(15 minutes)", "*/15 * * * *"),
        ("rate(1 hour)", "0 */1 * * *"),
        ("rate(120 minutes)", "0 */2 * * *"),
        ("rate(1 day)", "0 0 * * *"),
        ("cron(0 3 * * ? *)", "0 3 * * *"),
        ("cron(30 8 ? * 2-6 *)", "30 8 * * 1-5"),
        ("cron(0 8 ? * MON-FRI *)", "0 8 * * MON-FRI"),
        ("cron(0 8 ? * 1/2 *)", "0 8 * * 0/2"),
    ],
)
def test_a_schedule_means_the_same_in_five_fields(schedule, expected):
    assert cron(schedule) == expected


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("cron(0 3 * * ? 2027)", "a Kubernetes CronJob knows no year: write * as the sixth field"),
        ("cron(0 3 L * ? *)", "a Kubernetes CronJob knows no L, W or #: name the days"),
        ("every day", "write rate(1 hour) or cron(<minutes> <hours> <day> <month> <weekday> <year>)"),
    ],
)
def test_a_schedule_that_kubernetes_cannot_say_is_refused(schedule, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        cron(schedule)


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("team", True),
        ("example.com/team", True),
        ("a b", False),
        ("x" * 64, False),
        ("Example.com/team", False),
        ("/x", False),
    ],
)
def test_annotation_keys_are_what_kubernetes_takes(key, taken):
    assert is_annotation_key(key) is taken
