"""The contract of `orchestrators.base`, kept by every registered orchestrator on each kind of machine, and by a toy."""

import json
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

import settings
import stackfiles
import workload
from foundation.names import Names
from foundation.signals import NODES, Metric, Missing
from orchestrators import registry
from orchestrators.base import Orchestrator
from orchestrators.documents import fill
from planning.exposure import public
from planning.recording import record
from settings import Compute, Placement, SiteSettings
from tests.orchestrators import facts
from tests.orchestrators.toy import Toy

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = {"cpu", "memory", "running", "restarts", "oom", "error_lines"}
TOY = registry.Entry(f"{Toy.__module__}:Toy", f"{Toy.__module__}:render", (Compute.FARGATE,))
PLACEMENTS = [
    Placement(orchestrator=name, compute=compute)
    for name, entry in {**registry.ORCHESTRATORS, "toy": TOY}.items()
    for compute in entry.computes
]
MANAGED = ("db", "cache"), ("db",)
SITE = SiteSettings(
    networks=("192.168.0.0/24",),
    pods=("192.168.64.0/18",),
    address="192.168.0.10",
    transit_gateway="tgw-0123456789abcdef0",
)


class Run:
    """The whole program with one placement: the orchestrator that it made, and everything that was registered."""

    def __init__(self, placement, managed):
        self.placement, self.managed = placement, managed
        project, config = stackfiles.read(ROOT, "dev", [f"managed={json.dumps(managed)}"])
        made = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(registry.ORCHESTRATORS, "toy", TOY)
            read, component = settings.read, registry.component
            site = SITE if placement.compute is Compute.DATACENTER else SiteSettings()
            changed = {"placements": (placement,), "site": site}
            patch.setattr(settings, "read", lambda *args, **kwargs: (replace(read(*args, **kwargs)[0], **changed), ()))

            def keeping(chosen):
                def make(*args, **kwargs):
                    made.append(component(chosen)(*args, **kwargs))
                    return made[-1]

                return make

            patch.setattr(registry, "component", keeping)
            self.recording = record(ROOT / "__main__.py", project=project, stack="dev", config=config)
            self.workload = workload.read(ROOT / "compose.yaml")
            self.rendered = registry.render(placement)(self.workload, placement, Names("switchyard", "dev"), managed)
        (self.orchestrator,) = made

    @property
    def services(self):
        return [name for name in self.workload.services if name not in self.managed]

    @property
    def units(self):
        return [name for name in self.workload.units if name not in self.managed]


@pytest.fixture(
    scope="module",
    params=[(placement, managed) for placement in PLACEMENTS for managed in MANAGED],
    ids=lambda param: f"{param[0].key}-managed-{'-'.join(param[1])}",
)
def run(request):
    return Run(*request.param)


def test_one_service_runs_for_each_that_is_not_managed(run):
    assert list(run.orchestrator.running) == run.services
    for name, service in run.orchestrator.running.items():
        assert (service.name, bool(service.log_group), bool(service.target)) == (name, True, True)
        assert service.console_url.startswith("https://")


def test_every_service_tells_every_signal_or_why_not(run):
    told = {(signal.subject, signal.name): signal.metric for signal in run.orchestrator.signals}
    of_services = {(service, signal) for service in run.services for signal in SIGNALS}
    assert set(told) == {*of_services, (NODES, "failed_nodes")}
    for (_, signal), metric in told.items():
        match metric:
            case Metric():
                assert metric.namespace
                assert metric.name
                assert metric.dimensions or signal == "error_lines"
            case Missing():
                assert metric.reason


def test_events_are_patterns_that_event_bridge_reads(run):
    for event in run.orchestrator.events:
        pattern = json.loads(json.dumps(event.pattern))
        assert event.name
        assert pattern["source"]


def test_the_ledger_names_registered_resources_that_leave_the_field_alone(run):
    left_alone = {
        (resource.name, field.lower().replace("_", ""))
        for resource in run.recording.resources
        for field in resource.ignore_changes
    }
    assert run.orchestrator.ledger
    for owned in run.orchestrator.ledger:
        assert (owned.resource, owned.field.lower().replace("_", "")) in left_alone
        assert owned.owner
        assert owned.why


def test_the_routes_wait_for_something(run):
    assert run.orchestrator.ready
    assert all(isinstance(resource, pulumi.Resource) for resource in run.orchestrator.ready)
    (route,) = [resource for resource in run.recording.resources if resource.name == "routes-web"]
    below = [resource.urn for resource in run.recording.resources if run.placement.key in resource.name]
    assert set(route.depends_on) & set(below)


def test_nothing_of_it_is_public(run):
    assert [found.resource for found in public(run.recording)] == ["edge-balancer"]


def test_what_people_need_of_it_is_an_output_of_the_stack(run):
    exported = {name for name in run.recording.exports if name.startswith(f"{run.placement.key}-")}
    assert exported == {f"{run.placement.key}-{name}" for name in run.orchestrator.exports}


def test_it_keeps_the_protocol(run):
    for name in ("running", "signals", "events", "ledger", "ready", "exports"):
        assert name in Orchestrator.__dict__
        assert hasattr(run.orchestrator, name)


def test_documents_say_what_the_description_says(run):
    def value(ref):
        return f"<{ref.path}>" if ref.path.split(".")[0] in run.managed or ref.default is None else ref.default

    rendered = replace_texts(run.rendered, value)
    for name in run.units:
        expected = facts.described(run.workload.units[name], lambda text: text.fill(value))
        assert facts.OF[run.placement.orchestrator](rendered, name) == expected, name


def replace_texts(rendered, value):
    if hasattr(rendered, "core"):
        return replace(rendered, core=tuple(fill(document, value) for document in rendered.core))
    return fill(rendered, value)
