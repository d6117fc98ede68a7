"""The public load balancer: the only thing of a stack that the internet reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.accesslogs import access_logs
from foundation.certificate import alias, certificate
from foundation.ledger import Owned
from foundation.names import Names
from foundation.network import Network
from foundation.signals import EDGE, Metric, Missing, Signal
from foundation.targets import TargetGroup, shifted, target_groups
from settings import EdgeSettings, Placement
from workload.model import Workload

_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09"
_NAME_LIMIT = 32  # AWS: names of load balancers


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeArgs:
    """With `shifts` ECS moves the requests of the one placement between two target groups of each service."""

    workload: Workload
    placements: Sequence[Placement]
    names: Names
    account: pulumi.Input[str]
    network: Network
    settings: EdgeSettings
    shifts: bool = False
    protect: bool
    tags: Mapping[str, str]


class Edge(pulumi.ComponentResource):
    """One Application Load Balancer with a target group per ingress service and placement. It belongs to the stack, so
    address, certificate and signals stay when a service moves between orchestrators. What no route takes gets a 404.
    """

    address: pulumi.Output[str]
    url: pulumi.Output[str]
    listener_arn: pulumi.Output[str]
    sticky: int
    """For how many seconds a client stays with the placement and the target that it met first; 0 is not at all."""
    signals: Sequence[Signal]
    ledger: Sequence[Owned]

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Edge", name, None, opts)
        self._name, self._args = name, args
        self.sticky = args.settings.sticky
        self._balancer = self._load_balancer()
        self.address = self._balancer.dns_name
        self.url = pulumi.Output.concat(
            "https://" if args.settings.encrypted else "http://", args.settings.domain or self.address
        )
        self._certificate = self._certificate_arn()
        self.listener_arn = self._listeners()
        self._targets = target_groups(self._name, args, self.listener_arn, self._balancer, parent=self)
        self.ledger = [owned for groups in self._targets.values() for owned in shifted(groups)]
        self.signals = self._signals()
        self.register_outputs({"address": self.address, "url": self.url})

    def targets(self, placement: Placement) -> Mapping[str, TargetGroup]:
        """The target groups of one placement by ingress service."""
        return self._targets[placement.key]

    def _load_balancer(self) -> aws.lb.LoadBalancer:
        args = self._args
        logs = access_logs(
            f"{self._name}-logs",
            names=args.names,
            account=args.account,
            protect=args.protect,
            tags=args.tags,
            parent=self,
        )
        return aws.lb.LoadBalancer(
            f"{self._name}-balancer",
            name=args.names.of(limit=_NAME_LIMIT),
            load_balancer_type="application",
            internal=False,
            security_groups=[args.network.edge_security_group],
            subnets=list(args.network.public_subnet_ids),
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_deletion_protection=args.protect,
            idle_timeout=60,
            access_logs={"enabled": True, "bucket": logs.bucket},
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )

    def _certificate_arn(self) -> pulumi.Input[str] | None:
        domain, zone = self._args.settings.domain, self._args.settings.zone
        if domain is None or zone is None:
            return self._args.settings.certificate_arn
        alias(f"{self._name}-domain", domain=domain, zone=zone, balancer=self._balancer, parent=self)
        return certificate(f"{self._name}-certificate", domain=domain, zone=zone, tags=self._args.tags, parent=self)

    def _listeners(self) -> pulumi.Output[str]:
        """The listener that takes the requests: HTTPS with a redirect to it, or plain HTTP where the stack says so."""
        not_found: aws.lb.ListenerDefaultActionArgsDict = {
            "type": "fixed-response",
            "fixed_response": {"content_type": "text/plain", "message_body": "Not found", "status_code": "404"},
        }
        if self._certificate is None:
            return self._listener("http", 80, not_found).arn
        redirect: aws.lb.ListenerDefaultActionArgsDict = {
            "type": "redirect",
            "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
        }
        self._listener("http", 80, redirect)
        return self._listener("https", 443, not_found, self._certificate).arn

    def _listener(
        self,
        label: str,
        port: int,
        action: aws.lb.ListenerDefaultActionArgsDict,
        certificate_arn: pulumi.Input[str] | None = None,
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{self._name}-{label}",
            load_balancer_arn=self._balancer.arn,
            port=port,
            protocol="HTTPS" if certificate_arn is not None else "HTTP",
            certificate_arn=certificate_arn,
            ssl_policy=_TLS_POLICY if certificate_arn is not None else None,
            default_actions=[action],
            tags=dict(self._args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _signals(self) -> Sequence[Signal]:
        balancer = {"LoadBalancer": self._balancer.arn_suffix}

        def metric(name: str, statistic: str, unit: str, **dimensions: pulumi.Input[str]) -> Metric:
            return Metric(
                namespace="AWS/ApplicationELB",
                name=name,
                dimensions={**balancer, **dimensions},
                statistic=statistic,
                unit=unit,
            )

        return (
            Signal(subject=EDGE, name="errors_5xx", metric=metric("HTTPCode_Target_5XX_Count", "Sum", "Count")),
            Signal(subject=EDGE, name="latency_p95", metric=metric("TargetResponseTime", "p95", "Seconds")),
            Signal(
                subject=EDGE,
                name="certificate_days",
                metric=Metric(
                    namespace="AWS/CertificateManager",
                    name="DaysToExpiry",
                    dimensions={"CertificateArn": self._certificate},
                    statistic="Minimum",
                    unit="Count",
                )
                if self._certificate is not None
                else Missing("the edge has no certificate: it speaks plain HTTP"),
            ),
            *(
                Signal(
                    subject=service,
                    name="unhealthy_targets",
                    metric=metric("UnHealthyHostCount", "Maximum", "Count", TargetGroup=suffix),
                )
                for groups in self._targets.values()
                for service, group in groups.items()
                for suffix in group.suffixes
            ),
        )
