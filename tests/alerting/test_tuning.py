import pytest

from alerting.rules import Comparison, Severity
from alerting.tuning import alarms, problems, rules_for, unknown
from foundation.names import Names
from foundation.signals import EDGE
from workload.model import (
    AlarmTuning,
    Container,
    Ingress,
    Managed,
    Position,
    QueueTarget,
    Scaling,
    Service,
    Workload,
)  # fmt: skip

AT = Position("compose.yaml", 7, 3)


def service(name: str, **how: object) -> Service:
    return Service(container=Container(name=name, at=AT, image="image"), **how)


def workload(*services: Service) -> Workload:
    return Workload(name="portal", services={s.name: s for s in services}, jobs={}, secrets={}, configs={}, volumes={})


def rule(description: Workload, subject: str, name: str, managed: tuple[str, ...] = ()):
    return {r.name: r for r in rules_for(description, managed)[subject]}[name]


def test_running_is_held_against_the_replicas_of_the_description():
    running = rule(workload(service("api", replicas=3)), "api", "running")
    assert (running.comparison, running.threshold, running.severity) == (Comparison.BELOW, 3, Severity.PAGE)


def test_running_of_a_service_that_scales_is_held_against_its_least():
    description = workload(service("api", replicas=3, scaling=Scaling(min=2, max=9)))
    assert rule(description, "api", "running").threshold == 2


def test_only_a_service_that_scales_by_a_queue_has_queue_rules():
    queue = service("a", scaling=Scaling(min=1, max=2, queue=QueueTarget(name="jobs", per_task=10)))
    names = {s: {r.name for r in rules} for s, rules in rules_for(workload(queue, service("b")), ()).items()}
    assert names["a"] - names["b"] == {"queue_age", "queue_depth"}


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("postgres", {"db_cpu", "db_storage", "db_connections"}),
        ("valkey", {"cache_memory"}),
        ("redis", {"cache_memory"}),
    ],
)
def test_a_managed_service_has_the_rules_of_its_engine_alone(engine, expected):
    description = workload(service("data", managed=Managed(engine=engine, version="1")))
    assert {r.name for r in rules_for(description, ["data"])["data"]} == expected


def test_a_workload_without_an_ingress_has_no_edge_to_watch():
    assert EDGE not in rules_for(workload(service("worker")), ())


def test_a_service_that_is_called_as_the_edge_keeps_its_own_rules():
    description = workload(service("edge", ingress=Ingress(port=8000)))
    assert {"cpu", "errors_5xx"} <= {rule.name for rule in rules_for(description, ())["edge"]}


def test_x_alarms_switches_one_rule_off():
    description = workload(service("api", alarms={"cpu": AlarmTuning(off=True)}))
    assert "cpu" not in {r.name for r in rules_for(description, ())["api"]}


def test_x_alarms_changes_one_threshold():
    assert rule(workload(service("api", alarms={"cpu": AlarmTuning(threshold=55)})), "api", "cpu").threshold == 55


def test_a_threshold_of_zero_is_a_threshold():
    assert rule(workload(service("api", alarms={"cpu": AlarmTuning(threshold=0)})), "api", "cpu").threshold == 0


def test_the_ingress_service_tunes_the_edge():
    description = workload(
        service("web", ingress=Ingress(port=80), alarms={"errors_5xx": AlarmTuning(threshold=3)}), service("api")
    )
    assert rule(description, "edge", "errors_5xx").threshold == 3


def test_an_unknown_rule_is_refused_with_the_names_that_are_allowed():
    (problem,) = problems(workload(service("api", alarms={"cpus": AlarmTuning(off=True)})))
    assert str(problem) == (
        "compose.yaml:7:3: services.api.x-alarms.cpus: there is no such rule; "
        "allowed here: running, restarts, oom, cpu, memory, error_lines"
    )


def test_an_edge_rule_without_an_ingress_is_refused_with_where_it_belongs():
    (problem,) = problems(workload(service("api", alarms={"errors_5xx": AlarmTuning(off=True)})))
    assert problem.message.endswith("; the edge's rules belong to a service with x-ingress")


def test_two_services_that_tune_the_shared_edge_differently_are_refused():
    web = service("web", ingress=Ingress(port=80), alarms={"latency_p95": AlarmTuning(threshold=2)})
    admin = service("admin", ingress=Ingress(port=80), alarms={"latency_p95": AlarmTuning(off=True)})
    (problem,) = problems(workload(web, admin))
    assert "services.admin.x-alarms.latency_p95: differs from that of services.web" in problem.message


def test_rules_of_both_a_managed_and_a_running_database_may_be_named():
    db = service(
        "db",
        managed=Managed(engine="postgres", version="17"),
        alarms={"db_cpu": AlarmTuning(threshold=80), "cpu": AlarmTuning(threshold=80)},
    )
    assert problems(workload(db)) == []


def test_alarm_names_differ_and_share_the_stacks_prefix():
    description = workload(service("web", ingress=Ingress(port=80)), service("api"))
    names = [a.name for a in alarms(rules_for(description, ()), Names("portal", "dev"), "ecs-fargate")]
    assert len(set(names)) == len(names)
    assert all(name.startswith("portal-dev-alarm-ecs-fargate-") for name in names)
    assert "portal-dev-alarm-ecs-fargate-api-running" in names


def test_a_stack_tunes_a_rule_for_every_service_that_does_not_speak_of_it():
    both = workload(service("api"), service("worker", alarms={"cpu": AlarmTuning(threshold=70)}))
    rules = rules_for(both, (), {"cpu": "80", "memory": "off"})
    cpu = {subject: rule.threshold for subject, its in rules.items() for rule in its if rule.name == "cpu"}
    assert cpu == {"api": 80, "worker": 70}
    assert not [rule for its in rules.values() for rule in its if rule.name == "memory"]


def test_a_rule_that_a_stack_tunes_and_nobody_knows_is_refused_with_those_there_are():
    (problem,) = unknown(["cpu", "cpus"])
    assert problem.startswith("alerts.rules.cpus: there is no such rule; allowed: running, ")
