"""What every placement promises of a service or job, asked of the whole program in one form for both orchestrators."""

import json
from pathlib import Path

import pulumi
import pytest

import stackfiles
from planning.permissions import statements
from planning.recording import record
from tests.orchestrators.promises.ecs import Ecs
from tests.orchestrators.promises.eks import Eks
from tests.support.placements import PLACEMENTS, placed

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent.relative_to(ROOT) / "promises"
SERVICES, JOBS = ("web", "api", "worker"), ("migrate", "nightly")
UNITS = (*SERVICES, *JOBS)


def seen(placement, *files, changes=()):
    views = {"ecs": Ecs, "eks": Eks}
    config = [change.replace("site={", "site={machines: 9, ") for change in placed(placement)]
    paths = json.dumps([str(HERE / file) for file in files])
    project, config = stackfiles.read(ROOT, "dev", [f"workload={paths}", "managed=[]", *config, *changes])
    recording = record(ROOT / "__main__.py", project=project, stack="dev", config=config)
    return views[placement.partition("-")[0]](recording, placement)


@pytest.fixture(scope="module", params=PLACEMENTS)
def found(request):
    return seen(request.param, "compose.yaml")


@pytest.fixture(scope="module")
def changed(found):
    return seen(found.placement, "compose.yaml", "changed.yaml")


@pytest.fixture(scope="module")
def protected(found):
    return seen(found.placement, "compose.yaml", changes=("protect=true",))


@pytest.mark.parametrize("service", SERVICES)
def test_the_truth_of_a_service_is_waited_for_and_requests_wait_for_it(found, service):
    truth = found.truth(service)
    (name,) = {found.short(each) for each in found.recording.resources if each.name == "routes-web"}
    assert found.behind(truth)
    if service == "web":
        (route,) = [each for each in found.recording.resources if each.name == name]
        assert found.short(truth) in found.behind(route)


def test_a_migration_runs_before_the_services_that_wait_for_it(found):
    assert found.short(found.run("migrate")) in found.behind(found.truth("web"))


def test_a_migration_runs_once_for_each_image(found, changed):
    assert found.asked_anew("migrate") != changed.asked_anew("migrate")


def test_a_scheduled_job_runs_by_the_clock_alone(found):
    assert found.schedules() == {"nightly": "rate(1 hour)"}
    assert found.run("nightly") is None


def test_a_changed_secret_rolls_its_clients_and_nobody_else(found):
    versions = {unit: found.secret_versions(unit) for unit in UNITS}
    (version,) = {value for each in versions.values() for value in each.values()}
    assert version
    assert versions == {unit: {"password": version} if unit in ("api", "migrate") else {} for unit in UNITS}


def test_a_changed_config_rolls_its_reader_and_a_changed_image_its_own(found, changed):
    rolled = {unit for unit in UNITS if found.revision(unit) != changed.revision(unit)}
    assert rolled == {"web", "migrate"}


def test_the_same_description_gives_the_same_bytes(found):
    again = seen(found.placement, "compose.yaml")
    assert {unit: found.revision(unit) for unit in UNITS} == {unit: again.revision(unit) for unit in UNITS}


@pytest.mark.parametrize("unit", UNITS)
def test_an_image_is_named_by_its_digest(found, unit):
    _, _, digest = found.container(unit).image.partition("@")
    assert digest.startswith(("sha256:", "<digest of"))


@pytest.mark.parametrize("unit", UNITS)
def test_a_container_runs_as_the_described_user_on_a_root_that_it_cannot_write(found, unit):
    container = found.container(unit)
    assert (container.user, container.read_only) == ("10001:10002", True)


@pytest.mark.parametrize("unit", UNITS)
def test_a_container_has_no_linux_capability(found, unit):
    container = found.container(unit)
    assert (container.dropped, container.added) == (("ALL",), ())


def test_zombies_are_reaped_where_the_description_asks_for_an_init_process(found):
    assert {unit: found.container(unit).reaps for unit in UNITS} == {unit: unit == "web" for unit in UNITS}


def test_nobody_runs_commands_in_a_container(found):
    assert found.commands() == []
    allowed = {action for s in statements(found.recording) for action in s.actions if s.who.endswith("-task")}
    assert not {action for action in allowed if action.startswith("ssmmessages")}


def test_a_health_check_asks_as_described(found):
    assert found.container("web").health == (("probe", "http://127.0.0.1:8000/health"), 10, 4, 3)
    assert found.container("api").health is None


def test_a_container_has_its_start_period(found):
    assert found.container("web").start == 60
    assert found.waits_before_it_counts("web") >= 60


def test_a_container_stops_within_its_grace_period_after_its_requests_have_ended(found):
    assert found.container("web").stop == 40
    assert found.target_group["deregistrationDelay"] == 40
    assert found.stays_in_service("web") >= 40


def test_a_deployment_starts_or_stops_as_many_copies_at_a_time_as_the_description_says(found):
    assert found.room("web", 4) == (2, 0)
    assert found.room("api", 2) == (0, 1)


def test_an_autoscaler_alone_counts_the_copies_where_there_is_one(found):
    assert {service: found.copies(service) for service in SERVICES} == {"web": None, "api": 2, "worker": None}


def test_a_service_scales_between_its_bounds_by_targets_of_every_kind(found):
    assert found.scaling("web") == (4, 8, {"cpu": 60, "memory": 70, "requests": 500})
    assert found.scaling("worker") == (1, 5, {"queue": 20})


def test_a_sidecar_that_has_to_run_lives_beside_its_service_and_comes_back(found):
    if found.placement == "ecs-datacenter":
        with pytest.raises(pulumi.RunError, match="share no localhost on the machine's bridge"):
            seen(found.placement, "compose.yaml", "sidecar.yaml")
    else:
        assert seen(found.placement, "compose.yaml", "sidecar.yaml").kept("api") == {"api", "agent"}


def test_copies_are_balanced_over_zones_where_the_placement_has_any_and_may_choose(found):
    assert found.zones("web") == (found.placement in ("ecs-fargate", "ecs-ec2", "eks-ec2"))


def test_the_lines_of_every_service_are_kept_for_a_time_under_the_stacks_key(found):
    groups = found.log_groups()
    assert groups
    for name, group in groups.items():
        assert group["retentionInDays"] > 0, name
        assert group["kmsKeyId"] == "<arn of key key>", name


def test_a_protected_stack_keeps_its_lines_a_year(protected):
    for name, group in protected.log_groups().items():
        assert group["retentionInDays"] >= 365, name
