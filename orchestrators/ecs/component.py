"""The thin resources around the documents: one cluster with everything that runs in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws

from foundation.ledger import Owned, ignored
from foundation.logmetrics import log_metric_filter, log_metrics
from foundation.signals import EventPattern, Signal
from orchestrators.base import OrchestratorArgs, RunningService
from orchestrators.documents import Document, refs, resolve
from orchestrators.ecs import arguments, scaling_arguments
from orchestrators.ecs.anywhere.site import Site
from orchestrators.ecs.anywhere.tasks import fitted, lowered
from orchestrators.ecs.deployment import shifting_minutes, shifts
from orchestrators.ecs.exec import SHOUT, grant, opened
from orchestrators.ecs.guards import guards
from orchestrators.ecs.instances import fleet
from orchestrators.ecs.links import Links, dns_namespace
from orchestrators.ecs.log_key import log_key
from orchestrators.ecs.machines import Machines
from orchestrators.ecs.render import render
from orchestrators.ecs.roles import Roles, unit_roles
from orchestrators.ecs.scaling import autoscaled, scaling_documents
from orchestrators.ecs.schedule import group_name, schedule_document
from orchestrators.ecs.scheduled_run import ScheduledRun
from orchestrators.ecs.service import run_task_document, service_document
from orchestrators.ecs.shift import shift_role
from orchestrators.ecs.signals import cluster_events, group_events, service_signals
from orchestrators.ecs.waits import JobRun, Rollout
from settings import Compute
from workload.model import Job, Service
from workload.text import Ref

_LOG_DAYS, _PROTECTED_LOG_DAYS = 30, 365
_ROLLOUT_SECONDS = 1800


class Ecs(pulumi.ComponentResource):
    """The workload on Amazon ECS: cluster, discovery, and for each unit its log group, roles, task definition and what
    runs it. Units come up in the order of `depends_on`; each waits until what it depends on is really there.
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
        self._values: dict[str, pulumi.Input[Any]] = {"region": args.region, **self._known()}
        self._warn(services)
        self._cluster = self._make_cluster()
        self._site = self._make_site()
        self._capacity = self._site.joined if self._site else self._make_capacity()
        self._values["cluster"] = self._cluster.arn
        self._values |= self._schedule_group()
        self._log_key = log_key(f"{name}-logs", args, parent=self) if args.protect else None
        self._roles: dict[str, Roles] = {}
        self._done: dict[str, pulumi.Resource] = {}
        for unit in self._documents:
            self._settle(unit)
        self.running = {service.name: self._running(service) for service in services}
        self.signals = [signal for s in services for signal in service_signals(s, args.placement, args.names)]
        self.events = cluster_events(name, self._cluster_name)
        if args.placement.compute is Compute.EC2:
            self.events += group_events(name, self._cluster_name)
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
        self._values["site.address"] = str(self._args.site.address)
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

    def _known(self) -> dict[str, pulumi.Input[Any]]:
        """The value of every reference that stands before any unit does."""
        args = self._args
        values: dict[str, pulumi.Input[Any]] = {}
        for service, endpoint in args.endpoints.items():
            values |= {f"{service}.{key}": getattr(endpoint, key) for key in ("host", "port", "scheme", "sslmode")}
        for secret, ref in args.secrets.items():
            values |= {f"secret.{secret}": ref.arn, f"secret.{secret}.version": ref.version}
        for service, target in args.targets.items():
            values |= {
                f"target_group.{service}": target.arn,
                f"target_group_suffix.{service}": target.arn_suffix,
                f"balancer_suffix.{service}": target.balancer_suffix,
            }
            if target.shift:
                values |= {
                    f"alternate_target_group.{service}": target.shift.arn,
                    f"alternate_target_group_suffix.{service}": target.shift.arn_suffix,
                    f"listener_rule.{service}": target.shift.rule.arn,
                }
        values |= {f"image.{container}": image for container, image in args.images.items()}
        values |= {f"security_group.{unit}": group for unit, group in args.network.security_groups.items()}
        values |= {f"subnet.private.{n}": subnet for n, subnet in enumerate(args.network.private_subnet_ids)}
        return values if args.placement.compute is Compute.DATACENTER else values | self._discovery()

    def _discovery(self) -> dict[str, pulumi.Input[Any]]:
        """Service Connect's namespace where any link needs it, and DNS names for what jobs call."""
        args, links = self._args, self._links
        here = [name for name in args.workload.services if name in self._documents]
        values: dict[str, pulumi.Input[Any]] = {}
        if any(links.connected(service) for service in here):
            # By placement, as two may stand side by side, and do so while one takes the other's place.
            namespace = aws.servicediscovery.HttpNamespace(
                f"{self._name}-namespace", name=self._cluster_name, tags=args.tags, opts=self._opts()
            )
            values["namespace"] = namespace.arn
        if links.needs_dns:
            zone = aws.servicediscovery.PrivateDnsNamespace(
                f"{self._name}-dns",
                name=dns_namespace(args.names, args.placement),
                vpc=args.network.vpc_id,
                tags=args.tags,
                opts=self._opts(),
            )
            for service in filter(links.called_by_jobs, here):
                registry = aws.servicediscovery.Service(
                    f"{self._name}-{service}-dns",
                    name=service,
                    dns_config=aws.servicediscovery.ServiceDnsConfigArgs(
                        namespace_id=zone.id,
                        dns_records=[aws.servicediscovery.ServiceDnsConfigDnsRecordArgs(type="A", ttl=10)],
                    ),
                    tags=args.tags,
                    opts=self._opts(),
                )
                values[f"registry.{service}"] = registry.arn
        return values

    def _settle(self, name: str) -> pulumi.Resource:
        """What stands when the unit is there: its rollout, or its run; made after that of all it depends on."""
        if name not in self._done:
            unit = self._args.workload.units[name]
            needed = {d.service for c in unit.containers for d in c.depends_on} & set(self._documents) - {name}
            before = [self._settle(other) for other in sorted(needed)]
            self._prepare(unit)
            self._done[name] = self._service(unit, before) if isinstance(unit, Service) else self._run(unit, before)
        return self._done[name]

    def _prepare(self, unit: Service | Job) -> None:
        """Log group, roles and task definition."""
        args, document = self._args, self._documents[unit.name]
        log_group = aws.cloudwatch.LogGroup(
            f"{self._name}-{unit.name}-log",
            name=args.names.log_group(args.placement.key, unit.name),
            retention_in_days=args.ecs.log_days or (_PROTECTED_LOG_DAYS if args.protect else _LOG_DAYS),
            kms_key_id=self._log_key,
            tags=args.tags,
            opts=self._opts(),
        )
        if isinstance(unit, Service):
            for metric in log_metrics(unit, args.names, args.placement.key):
                name = f"{self._name}-{unit.name}-{metric.signal.name}"
                log_metric_filter(name, metric, log_group.name, self._opts())
        used = {secret for container in unit.containers for secret in (grant.source for grant in container.secrets)}
        roles = unit_roles(
            self._name,
            unit.name,
            names=args.names,
            placement_key=args.placement.key,
            region=args.region,
            repositories=[args.repositories[c.name] for c in unit.containers if c.name in args.repositories],
            secrets={name: args.secrets[name] for name in sorted(used)},
            log_group=log_group,
            tags=args.tags,
            parent=self,
        )
        self._roles[unit.name] = roles
        self._values |= {
            f"role.{unit.name}.execution": roles.execution.arn,
            f"role.{unit.name}.task": roles.task.arn,
        }
        self._values[f"task_definition.{unit.name}"] = self._task_definition(unit.name, document).arn

    def _task_definition(self, unit: str, document: Document) -> aws.ecs.TaskDefinition:
        return aws.ecs.TaskDefinition(
            f"{self._name}-{unit}",
            family=document["family"],
            requires_compatibilities=document["requiresCompatibilities"],
            network_mode=document["networkMode"],
            cpu=document["cpu"],
            memory=document["memory"],
            **arguments.task_definition(document),
            execution_role_arn=self._values[f"role.{unit}.execution"],
            task_role_arn=self._values[f"role.{unit}.task"],
            container_definitions=resolve(document["containerDefinitions"], self._values),
            # A rollback goes to an older revision, so that one has to stay.
            skip_destroy=True,
            tags=self._args.tags,
            opts=self._opts(),
        )

    def _service(self, unit: Service, before: Sequence[pulumi.Resource]) -> Rollout:
        args, name = self._args, f"{self._name}-{unit.name}"
        needed = [*before, self._capacity, self._roles[unit.name].granted]
        if unit.ingress:
            needed.append(args.targets[unit.name].parking_rule)
        if shifts(unit, args.ecs):
            role, granted = shift_role(f"{name}-shift", unit.name, args, self._values, parent=self)
            self._values[f"role.{unit.name}.shift"] = role
            needed.append(granted)
        needed += [
            aws.cloudwatch.MetricAlarm(
                f"{self._name}-{guard['AlarmName'].removeprefix(f'{self._cluster_name}-')}",
                **arguments.alarm(guard, self._values),
                tags=args.tags,
                opts=self._opts(),
            )
            for guard in guards(unit, args.placement, self._links, args.ecs)
        ]
        if args.ecs.exec:
            needed.append(grant(f"{name}-exec", self._roles[unit.name].task, parent=self))
        document = service_document(unit, args.placement, self._links, self._subnets, args.ecs)
        service = aws.ecs.Service(
            name,
            cluster=self._cluster.arn,
            **arguments.service(document, self._values),
            wait_for_steady_state=False,
            tags=args.tags,
            opts=self._opts(*needed, ignore=ignored(self.ledger, name)),
        )
        self._autoscaling(unit, service)
        return Rollout(
            f"{name}-rollout",
            region=args.region,
            cluster=self._cluster_name,
            service=service.name,
            task_definition=self._values[f"task_definition.{unit.name}"],
            timeout=_ROLLOUT_SECONDS + 60 * shifting_minutes(unit, args.ecs),
            opts=self._opts(service),
        )

    def _schedule_group(self) -> dict[str, pulumi.Input[Any]]:
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
            opts=self._opts(*before, self._capacity, self._roles[job.name].granted),
        )

    def _autoscaling(self, unit: Service, service: aws.ecs.Service) -> None:
        documents = scaling_documents(unit, self._args.placement, self._links)
        if documents is None:
            return
        name = f"{self._name}-{unit.name}"
        target = aws.appautoscaling.Target(
            f"{name}-scaling",
            **scaling_arguments.scaling_target(documents),
            tags=self._args.tags,
            opts=self._opts(service, ignore=ignored(self.ledger, f"{name}-scaling")),
        )
        for policy in documents.policies:
            aws.appautoscaling.Policy(
                f"{self._name}-{policy['PolicyName']}",
                **scaling_arguments.scaling_policy(policy, self._values),
                opts=self._opts(target),
            )
        for action in documents.actions:
            aws.appautoscaling.ScheduledAction(
                f"{self._name}-{action['ScheduledActionName']}",
                **scaling_arguments.scheduled_action(action),
                opts=self._opts(target),
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
