"""The thin resources around the documents: one cluster with everything that runs in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi
import pulumi_aws as aws

from foundation.ledger import Owned, ignored
from foundation.signals import EventPattern, Signal
from orchestrators.base import OrchestratorArgs, RunningService
from orchestrators.documents import Document, digest, refs, resolve
from orchestrators.ecs.anywhere.site import Site
from orchestrators.ecs.anywhere.tasks import fitted, lowered
from orchestrators.ecs.arguments.alarm import alarm_arguments
from orchestrators.ecs.arguments.service import service_arguments
from orchestrators.ecs.autoscaling import autoscaling
from orchestrators.ecs.deployment import rollout_seconds, shifts
from orchestrators.ecs.discovery import discovery
from orchestrators.ecs.exec import SHOUT, grant, opened
from orchestrators.ecs.guards import guards
from orchestrators.ecs.instances import fleet
from orchestrators.ecs.links import Links
from orchestrators.ecs.machines import Machines
from orchestrators.ecs.order import order
from orchestrators.ecs.references import Values, known
from orchestrators.ecs.render import render
from orchestrators.ecs.scaling import autoscaled, scaling_documents
from orchestrators.ecs.schedule import group_name, schedule_document
from orchestrators.ecs.scheduled_run import ScheduledRun
from orchestrators.ecs.service import run_task_document, service_document
from orchestrators.ecs.shift import shift_role
from orchestrators.ecs.signals import cluster_events, group_events, node_signal, service_signals
from orchestrators.ecs.task import Task, task
from orchestrators.ecs.waits import JobRun, Rollout
from orchestrators.log_groups import LogGroups
from settings import Compute
from workload.model import Job, Service
from workload.text import Ref

_LOG_DAYS, _PROTECTED_LOG_DAYS = 30, 365


class Ecs(pulumi.ComponentResource):
    """The workload on Amazon ECS: cluster, discovery, and for each unit its log group, roles, task definition and what
    runs it. Units come up in their order; each waits until what stands before it is really there.
    """

    running: Mapping[str, RunningService]
    signals: Sequence[Signal]
    events: Sequence[EventPattern]
    ledger: Sequence[Owned]
    ready: Sequence[pulumi.Resource]
    exports: Mapping[str, pulumi.Input[str]]

    def __init__(self, name: str, args: OrchestratorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:orchestrators:Ecs", name, None, opts)
        self._name, self._args = name, self._fitted(args)
        args = self._args
        self._links = Links(args.workload, args.names, tuple(args.endpoints))
        self._documents = self._rendered()
        services = [s for s in args.workload.services.values() if s.name in self._documents]
        self.ledger = [owned for service in services for owned in autoscaled(name, service)]
        self._values = known(args)
        self._order = order(self._links, args.placement.compute)
        self._warn(services)
        self._cluster = self._make_cluster()
        if args.placement.compute is not Compute.DATACENTER:
            here = [service.name for service in services]
            self._values |= discovery(name, args, self._links, here, parent=self)
        self._site = self._make_site()
        self._capacity = self._site.joined if self._site else self._make_capacity()
        self._values["cluster"] = self._cluster.arn
        self._values |= self._schedule_group()
        days = args.ecs.log_days or (_PROTECTED_LOG_DAYS if args.protect else _LOG_DAYS)
        self._logs = LogGroups(args=args, days=days, parent=self)
        self._tasks: dict[str, Task] = {}
        self._done: dict[str, pulumi.Resource] = {}
        for unit, before in self._order.before.items():
            self._settle(args.workload.units[unit], [self._done[other] for other in before])
        self.running = {service.name: self._running(service) for service in services}
        self.signals = [signal for s in services for signal in service_signals(s, args.placement, args.names)]
        self.signals.append(node_signal(args.placement))
        self.events = cluster_events(args.placement.key, self._cluster_name)
        if args.placement.compute is Compute.EC2:
            self.events += group_events(args.placement.key, self._cluster_name)
        self.ready = [self._done[service.name] for service in services]
        if self._site:
            self.ready += [self._site.admit(s, self._done[s.name]) for s in services if s.ingress]
        self.exports = self._site.exports if self._site else {}
        self.register_outputs({"cluster": self._cluster.arn})

    def _rendered(self) -> dict[str, Document]:
        args = self._args
        documents = render(args.workload, args.placement, args.names, tuple(args.endpoints))
        if not args.ecs.exec:
            return documents
        return {name: opened(each) if name in args.workload.services else each for name, each in documents.items()}

    def _warn(self, services: Sequence[Service]) -> None:
        settings = self._args.ecs
        if settings.exec:
            pulumi.log.warn(SHOUT, self)
        rolled = [service.name for service in services if not shifts(service, settings)]
        if settings.deployment != "rolling" and rolled:
            pulumi.log.warn(
                f"{', '.join(rolled)}: without x-ingress there are no requests that ecs.deployment could move, "
                "so new tasks replace old ones step by step",
                self,
            )
        for client, server in self._order.late:
            pulumi.log.warn(
                f"{client} and {server} call each other: {client} comes up first, and its tasks find {server} from its "
                f"next deployment on. After the first `up`: aws ecs update-service --cluster {self._cluster_name} "
                f"--service {client} --force-new-deployment",
                self,
            )

    def _fitted(self, args: OrchestratorArgs) -> OrchestratorArgs:
        """With the workload as the placement's machines can carry it."""
        if args.placement.compute is not Compute.DATACENTER:
            return args
        for line in lowered(args.workload, tuple(args.endpoints), args.site.machines):
            pulumi.log.warn(line)
        return replace(args, workload=fitted(args.workload, args.site.machines))

    @property
    def _cluster_name(self) -> str:
        return self._args.names.cluster(self._args.placement.key)

    def _opts(self, *depends_on: pulumi.Resource, ignore: Sequence[str] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on), ignore_changes=list(ignore))

    def _make_cluster(self) -> aws.ecs.Cluster:
        return aws.ecs.Cluster(
            f"{self._name}-cluster",
            name=self._cluster_name,
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enhanced")],
            tags=self._args.tags,
            opts=self._opts(),
        )

    def _make_site(self) -> Site | None:
        if self._args.placement.compute is not Compute.DATACENTER:
            return None
        return Site(f"{self._name}-site", self._args, self._links, self._cluster, self._opts())

    def _make_capacity(self) -> aws.ecs.ClusterCapacityProviders:
        return aws.ecs.ClusterCapacityProviders(
            f"{self._name}-capacity",
            cluster_name=self._cluster.name,
            capacity_providers=self._capacity_providers(self._cluster),
            opts=self._opts(),
        )

    def _capacity_providers(self, cluster: aws.ecs.Cluster) -> list[pulumi.Input[str]]:
        args = self._args
        if args.placement.compute is Compute.FARGATE:
            return ["FARGATE", "FARGATE_SPOT"]
        bounds = fleet(args.workload, self._links, args.ecs, zones=len(args.network.private_subnet_ids))
        machines = Machines(f"{self._name}-machines", args, cluster.name, bounds, opts=self._opts())
        self.ledger = [*self.ledger, *machines.ledger]
        self._values["capacity_provider"] = machines.capacity_provider
        return [machines.capacity_provider]

    def _settle(self, unit: Service | Job, before: Sequence[pulumi.Resource]) -> None:
        """Makes the unit's rollout, or its run."""
        self._prepare(unit)
        self._done[unit.name] = self._service(unit, before) if isinstance(unit, Service) else self._run(unit, before)

    def _prepare(self, unit: Service | Job) -> None:
        """The unit's task definition, and the roles that it takes."""
        document = self._documents[unit.name]
        made = task(
            self._name,
            unit,
            document,
            args=self._args,
            values=self._values,
            logs=self._logs,
            parent=self,
        )
        self._tasks[unit.name] = made
        self._values |= {
            f"role.{unit.name}.execution": made.roles.execution.arn,
            f"role.{unit.name}.task": made.roles.task.arn,
            f"task_definition.{unit.name}": made.definition.arn,
        }

    def _service(self, unit: Service, before: Sequence[pulumi.Resource]) -> Rollout:
        args, name = self._args, f"{self._name}-{unit.name}"
        needed = [*before, self._capacity, self._tasks[unit.name].roles.granted]
        if unit.ingress:
            needed.append(args.targets[unit.name].parking_rule)
        if shifts(unit, args.ecs):
            role, granted = shift_role(f"{name}-shift", unit.name, args, self._values, parent=self)
            self._values[f"role.{unit.name}.shift"] = role
            needed.append(granted)
        needed += [
            aws.cloudwatch.MetricAlarm(
                f"{self._name}-{guard['AlarmName'].removeprefix(f'{self._cluster_name}-')}",
                **alarm_arguments(guard, self._values),
                tags=args.tags,
                opts=self._opts(),
            )
            for guard in guards(unit, args.placement, self._links, args.ecs)
        ]
        if args.ecs.exec:
            needed.append(grant(f"{name}-exec", self._tasks[unit.name].roles.task, parent=self))
        document = service_document(unit, args.placement, self._links, self._subnets, args.ecs)
        service = aws.ecs.Service(
            name,
            cluster=self._cluster.arn,
            **service_arguments(document, self._values),
            wait_for_steady_state=False,
            tags=args.tags,
            opts=self._opts(*needed, ignore=ignored(self.ledger, name)),
        )
        if scaling := scaling_documents(unit, args.placement, self._links):
            autoscaling(
                self._name,
                unit,
                scaling,
                service=service,
                values=self._values,
                ledger=self.ledger,
                tags=args.tags,
                parent=self,
            )
        # What the autoscaler counts is no other service.
        asked = {key: item for key, item in document.items() if key != "desiredCount" or not unit.scaling}
        return Rollout(
            f"{name}-rollout",
            region=args.region,
            cluster=self._cluster_name,
            service=service.name,
            task_definition=self._values[f"task_definition.{unit.name}"],
            content=resolve(asked, self._values).apply(digest),
            timeout=rollout_seconds(unit, args.ecs),
            opts=self._opts(),
        )

    def _schedule_group(self) -> Values:
        if not any(job.schedule for job in self._args.workload.jobs.values()):
            return {}
        name = group_name(self._args.names, self._args.placement)
        group = aws.scheduler.ScheduleGroup(
            f"{self._name}-schedules", name=name, tags=self._args.tags, opts=self._opts()
        )
        return {"schedule_group": group.name}

    def _run(self, job: Job, before: Sequence[pulumi.Resource]) -> pulumi.Resource:
        args = self._args
        if job.schedule:
            schedule = schedule_document(job, args.placement, self._links, self._subnets)
            name = f"{self._name}-{job.name}-schedule"
            return ScheduledRun(name, job.name, schedule, values=self._values, args=args, opts=self._opts())
        document = run_task_document(job, args.placement, self._links, self._subnets)
        return JobRun(
            f"{self._name}-{job.name}-run",
            region=args.region,
            task_definition=self._values[f"task_definition.{job.name}"],
            request=resolve(document, {ref.path: self._values[ref.path] for ref in refs(document)}),
            container=job.name,
            log_group=args.names.log_group(args.placement.key, job.name),
            opts=self._opts(*before, self._capacity, self._tasks[job.name].roles.granted),
        )

    @property
    def _subnets(self) -> list[Ref]:
        return [Ref(f"subnet.private.{n}") for n in range(len(self._args.network.private_subnet_ids))]

    def _running(self, service: Service) -> RunningService:
        args, cluster = self._args, self._cluster_name
        return RunningService(
            name=service.name,
            log_group=args.names.log_group(args.placement.key, service.name),
            target=service.name,
            console_url=(
                f"https://{args.region}.console.aws.amazon.com/ecs/v2/clusters/{cluster}"
                f"/services/{service.name}/health?region={args.region}"
            ),
        )
