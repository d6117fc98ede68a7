"""The workload on Amazon EKS: a cluster, what it needs, and the rendered manifests in it."""

from collections.abc import Mapping, Sequence

import pulumi

from foundation.ledger import Owned
from foundation.logmetrics import LogMetric, log_metric_filter, log_metrics
from foundation.signals import EventPattern, Signal
from foundation.site import node_port, proxied
from orchestrators.base import OrchestratorArgs, RunningService
from orchestrators.documents import Document, digest, resolve
from orchestrators.eks import signals, versions
from orchestrators.eks.access import admins
from orchestrators.eks.addons import Site, addons
from orchestrators.eks.boundaries import pods_with_own_groups
from orchestrators.eks.check import private_api
from orchestrators.eks.control_plane import ControlPlane, control_plane
from orchestrators.eks.hybrid.cluster import control_plane as hybrid_control_plane
from orchestrators.eks.hybrid.nodes import nodes
from orchestrators.eks.hybrid.ports import ports
from orchestrators.eks.manifests import AUTOSCALERS, Applier, resource_name, unit_of
from orchestrators.eks.render import render
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.surroundings import INSIGHTS
from orchestrators.site.door import admit
from orchestrators.site.proxy import proxy
from settings import Compute


class Eks(pulumi.ComponentResource):
    """Keeps `orchestrators.base.Orchestrator`."""

    running: Mapping[str, RunningService]
    signals: Sequence[Signal]
    events: Sequence[EventPattern]
    ledger: Sequence[Owned]
    ready: Sequence[pulumi.Resource]
    exports: Mapping[str, pulumi.Input[str]]

    def __init__(self, name: str, args: OrchestratorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:orchestrators:Eks", name, None, opts)
        self._name, self._args = name, args
        self._fargate = args.placement.compute is Compute.FARGATE
        documents = render(
            args.workload,
            args.placement,
            args.names,
            tuple(args.endpoints),
            len(args.network.private_subnet_ids),
            spot=args.cluster.spot,
            site=args.site,
        )
        self._warn()
        # Secrets come from Secrets Manager; Fargate ignores network policies, there the pods' own groups stand alone.
        replaced = {"Secret", "NetworkPolicy"} if self._fargate else {"Secret"}
        # KEDA makes the autoscaler of a service itself where it counts for it.
        counting = {d["metadata"]["name"] for d in documents.aws if d["kind"] == "ScaledObject"}
        rendered = [
            d
            for d in (*documents.core, *documents.aws)
            if d["kind"] not in replaced
            and not (d["kind"] == "HorizontalPodAutoscaler" and d["metadata"]["name"] in counting)
        ]
        here = [d for d in rendered if d["metadata"].get("namespace") == args.names.namespace]
        (own,) = (d for d in rendered if d["metadata"]["name"] == args.names.namespace)
        # Nodes, disks and logs stand before any pod, those of the add-ons included.
        ground = [d for d in rendered if d not in here and d is not own]

        self.ledger = self._owned(here)
        plane = self._plane()
        admins(name, plane.name, args, self, plane.foundations)
        self._boundaries(plane)
        applier = Applier(
            name,
            values=self._values(plane, here),
            provider=plane.provider,
            parent=self,
            ledger=self.ledger,
            kubeconfig=plane.kubeconfig,
        )
        machines = applier.chain(ground, plane.foundations)
        secrets = sorted({d["metadata"]["name"].path.partition(".")[2] for d in here if d["kind"] == "ExternalSecret"})
        site = Site(name=name, args=args, plane=plane, after=[*plane.foundations, *machines], parent=self)
        standing = addons(site, secrets)
        # A namespace is gone only when every controller of what is in it has had its say, so it goes before them.
        namespace = applier.apply(own, [*standing, *machines])
        parking = [target.parking_rule for target in args.targets.values()]
        units = applier.workload(here, args.workload, [*standing, *machines, namespace, *parking])

        self.running = {service: self._running(service, plane.name) for service in self._services()}
        counted = [metric for service in self._services() for metric in self._log_metrics(service, plane.name)]
        for metric in counted:
            filter_name = f"{name}-{metric.document['filterName']}"
            group = metric.document["logGroupName"]
            log_metric_filter(filter_name, metric, group, pulumi.ResourceOptions(parent=self, depends_on=standing))
        told = signals.signals(
            self._services(),
            cluster=plane.name,
            namespace=args.names.namespace,
            place=args.placement.key,
            fargate=self._fargate,
        )
        of_nodes = signals.node_signal(cluster=plane.name, place=args.placement.key, fargate=self._fargate)
        self.signals = [*told, *(metric.signal for metric in counted), of_nodes]
        # EKS puts nothing about pods or nodes on the bus, and AWS Health is heard for the whole stack.
        self.events: list[EventPattern] = []
        self.ready = self._ingress(units)
        self.register_outputs({"cluster": plane.name})

    def _services(self) -> tuple[str, ...]:
        return tuple(service for service in self._args.workload.services if service not in self._args.endpoints)

    def _plane(self) -> ControlPlane:
        self.exports = {}
        if self._args.placement.compute is not Compute.DATACENTER:
            return control_plane(self._name, self._args, self)
        joining = nodes(self._name, self._args, self)
        self.exports = {**joining.exports, **self._proxy()}
        return hybrid_control_plane(self._name, self._args, joining, self)

    def _proxy(self) -> dict[str, pulumi.Input[str]]:
        """What the site's proxy is configured by, if requests come that way."""
        args = self._args
        if not proxied(args.placement, args.site):
            return {}
        cluster, vpc = args.names.cluster(args.placement.key), pulumi.Output.from_input(args.network.cidr)
        written = vpc.apply(
            lambda cidr: proxy(ports(args.workload, tuple(args.endpoints), args.site, cidr), args.site, cluster=cluster)
        )
        return {"proxy": written}

    def _warn(self) -> None:
        args = self._args
        warnings = []
        if outdated := versions.warning(args.cluster.version, versions.today()):
            warnings.append(outdated)
        if not args.cluster.public_access_cidrs:
            warnings.append(private_api(at_site=args.placement.compute is Compute.DATACENTER, closed=bool(args.copies)))
        for warning in warnings:
            pulumi.log.warn(warning, self)

    def _owned(self, documents: Sequence[Document]) -> list[Owned]:
        scaled = {
            (document["spec"]["scaleTargetRef"]["kind"], document["spec"]["scaleTargetRef"]["name"])
            for document in documents
            if document["kind"] in AUTOSCALERS
        }
        return [
            Owned(
                resource=resource_name(self._name, document),
                field="spec.replicas",
                owner="the HorizontalPodAutoscaler",
                why=f"it keeps {unit_of(document, self._args.workload)} between x-scaling's min and max",
            )
            for document in documents
            if (document["kind"], document["metadata"]["name"]) in scaled
        ]

    def _boundaries(self, plane: ControlPlane) -> None:
        """Machines of a site are in no security group: the network knows them by their addresses."""
        network, placement = self._args.network, self._args.placement
        if placement.compute is not Compute.DATACENTER:
            network.to_endpoints(f"{placement.key}-cluster", plane.security_group)
        if self._fargate:
            units = {unit: network.security_groups[unit] for unit in (*self._services(), *self._args.workload.jobs)}
            pods_with_own_groups(self._name, units, plane.security_group, self)
        elif placement.compute is Compute.EC2:
            network.admit(f"{placement.key}-nodes", plane.security_group)

    def _values(self, plane: ControlPlane, documents: Sequence[Document]) -> dict[str, pulumi.Input[str]]:
        """What the cloud knows, by the paths of `orchestrators.eks.render`."""
        args = self._args
        values: dict[str, pulumi.Input[str]] = {
            "region": args.region,
            "network.cidr": args.network.cidr,
            "security_group.cluster": plane.security_group,
            **{f"subnet.private.{i}": subnet for i, subnet in enumerate(args.network.private_subnet_ids)},
            **{f"security_group.{unit}": group for unit, group in args.network.security_groups.items()},
            **{f"target_group.{service}": target.arn for service, target in args.targets.items()},
            **{f"target_group_suffix.{service}": target.arn_suffix for service, target in args.targets.items()},
            **{f"balancer_suffix.{service}": target.balancer_suffix for service, target in args.targets.items()},
            **{f"image.{container}": image for container, image in args.images.items()},
        }
        if plane.node_role:
            values["role.node"] = plane.node_role.name
        for service, endpoint in args.endpoints.items():
            values |= {f"{service}.host": endpoint.host, f"{service}.port": endpoint.port}
            values |= {f"{service}.scheme": endpoint.scheme, f"{service}.sslmode": endpoint.sslmode}
        for secret, ref in args.secrets.items():
            values[f"secret.{secret}"] = ref.arn
            values[f"secret_object.{secret}"] = pulumi.Output.concat(
                object_name(secret), "-", ref.version.apply(digest)
            )
        for document in documents:
            if document["kind"] == "Job":
                job = document["metadata"]["name"].path.partition(".")[2]
                content = resolve(document["spec"], values).apply(digest)
                values[f"job.{job}"] = pulumi.Output.concat(object_name(job), "-", content)
        return values

    def _log_group(self, cluster: str) -> str:
        """Where all pods of the cluster write."""
        if self._fargate:
            return self._args.names.log_group(self._args.placement.key, "pods")
        return INSIGHTS.format(cluster, "application")

    def _log_metrics(self, service: str, cluster: str) -> Sequence[LogMetric]:
        args = self._args
        lines = signals.lines(service, self._log_group(cluster), args.names.namespace)
        return log_metrics(args.workload.services[service], args.names, args.placement.key, lines)

    def _running(self, service: str, cluster: str) -> RunningService:
        args, target = self._args, object_name(service)
        kind = "statefulsets" if args.workload.services[service].stateful else "deployments"
        return RunningService(
            name=service,
            log_group=self._log_group(cluster),
            log_filter=f'{{ $.kubernetes.container_name = "{object_name(service)}" }}',
            target=target,
            console_url=f"https://{args.region}.console.aws.amazon.com/eks/clusters/{cluster}/{kind}/{target}"
            f"?namespace={args.names.namespace}&region={args.region}",
        )

    def _ingress(self, units: Mapping[str, pulumi.Resource]) -> list[pulumi.Resource]:
        """An ingress service is rolled out when its pods were ready for as long as the edge takes to find them so; what
        a site's proxy serves, once the load balancer finds it healthy there.
        """
        args = self._args
        found = {service: args.workload.services[service].ingress for service in self._services()}
        return [
            admit(
                f"{self._name}-{service}",
                service,
                args,
                port=node_port(ingress.port),
                after=units[service],
                parent=self,
            )
            if proxied(args.placement, args.site)
            else units[service]
            for service, ingress in found.items()
            if ingress
        ]
