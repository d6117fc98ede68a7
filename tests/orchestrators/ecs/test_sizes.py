from hypothesis import example, given
from hypothesis import strategies as st

from orchestrators.ecs.sizes import task_size
from orchestrators.fargate import SIZES, Size, smallest
from workload.model import Container, Position, Resources, Service

AT = Position("compose.yaml", 1, 1)
MIB = 1024 * 1024


@given(cpu=st.integers(0, 20000), memory=st.integers(0, 140000))
@example(cpu=256, memory=512)
@example(cpu=16384, memory=122880)
def test_a_size_is_sold_large_enough_and_the_smallest_such(cpu, memory):
    enough = [size for size in SIZES if size.cpu >= cpu and size.memory >= memory]
    size = smallest(cpu, memory)
    assert size in enough or (size is None and not enough)
    if size:
        assert all((size.cpu, size.memory) <= (other.cpu, other.memory) for other in enough)


def test_the_table_is_that_of_aws():
    assert len(SIZES) == 3 + 4 + 7 + 13 + 23 + 12 + 12
    assert (SIZES[0], SIZES[-1]) == (Size(256, 512), Size(16384, 122880))


def test_the_reason_names_every_part_and_the_next_size():
    container = Container(name="api", at=AT, resources=Resources(cpus=0.5, memory=1024 * MIB))
    assert task_size(Service(container=container), proxied=True).reason == (
        "api 0.5 vCPU and 1024 MiB, the Service Connect proxy 0.25 vCPU and 64 MiB: together 0.75 vCPU and 1088 MiB; "
        "the next Fargate size is 1 vCPU and 2048 MiB"
    )


def test_a_silent_description_gets_the_smallest_size():
    assert task_size(Service(container=Container(name="api", at=AT)), proxied=False).size == Size(256, 512)


def test_reservations_count_where_there_are_no_limits():
    container = Container(name="api", at=AT, resources=Resources(reserved_cpus=2, reserved_memory=5000 * MIB))
    assert task_size(Service(container=container), proxied=False).size == Size(2048, 5120)
