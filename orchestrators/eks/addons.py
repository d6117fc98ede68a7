"""What runs in the cluster beside the workload: each with a role for exactly its work, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from foundation.iam import Statement
from orchestrators.base import OrchestratorArgs
from orchestrators.eks.addon import addon
from orchestrators.eks.charts import EXTERNAL_SECRETS, KEDA, LOAD_BALANCER_CONTROLLER, Chart, charts
from orchestrators.eks.control_plane import ControlPlane
from orchestrators.eks.release import release
from orchestrators.eks.rights import read_metrics, read_secrets, write_logs
from orchestrators.eks.roles import pod_identity_trust, role, web_identity_trust
from orchestrators.eks.surroundings import INSIGHTS
from settings import Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where add-ons go: the cluster, and `after`, what has to stand before their pods can run."""

    name: str
    args: OrchestratorArgs
    plane: ControlPlane
    after: Sequence[pulumi.Resource]
    parent: pulumi.Resource

    def opts(self, *more: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent, depends_on=[*self.after, *more])


def addons(site: Site, secrets: Sequence[str]) -> list[pulumi.Resource]:
    """The add-ons that this placement needs; `secrets` are those that pods mount."""
    args = site.args
    needed = charts(args.workload, tuple(args.endpoints), args.placement, args.site)
    made: list[pulumi.Resource] = [_metrics_server(site)]
    if EXTERNAL_SECRETS in needed:
        made.append(_external_secrets(site, secrets))
    if KEDA in needed:
        made.append(_keda(site))
    if site.plane.oidc is None:
        made.append(_observability(site))
    if LOAD_BALANCER_CONTROLLER in needed:
        made.append(_load_balancer_controller(site))
    return made


def _metrics_server(site: Site) -> pulumi.Resource:
    """The autoscaler reads cpu and memory from it. EKS's build of it already avoids the port that Fargate reserves
    (Amazon EKS user guide, metrics server).
    """
    return addon(f"{site.name}-metrics-server", site.plane.name, "metrics-server", site.args, site.opts())


def _external_secrets(site: Site, secrets: Sequence[str]) -> pulumi.Resource:
    refs = [site.args.secrets[secret] for secret in secrets]
    return _chart(
        site,
        EXTERNAL_SECRETS,
        statements=read_secrets([ref.arn for ref in refs], [ref.key_arn for ref in refs]),
        values={"installCRDs": True, "webhook": {"port": 9443}},  # Fargate reserves the default, 10250
    )


def _keda(site: Site) -> pulumi.Resource:
    return _chart(site, KEDA, statements=[read_metrics()], values={}, account_of="operator")


def _load_balancer_controller(site: Site) -> pulumi.Resource:
    """It only registers addresses with target groups that exist: no right to make balancers, rules or groups."""
    statements: list[Statement] = [
        {
            "Effect": "Allow",
            "Action": ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
            "Resource": [target.arn for target in site.args.targets.values()],
        },
        {
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            "Resource": "*",  # these actions know no resource (AWS service authorization reference)
        },
    ]
    return _chart(
        site,
        LOAD_BALANCER_CONTROLLER,
        statements=statements,
        values={
            "clusterName": site.plane.name,
            "region": site.args.region,
            "vpcId": site.args.network.vpc_id,
            "createIngressClassResource": False,
            "enableServiceMutatorWebhook": False,
            # Else it asks services that it has no right to and that have no endpoint in a VPC (Amazon EKS user guide,
            # private clusters).
            "enableShield": False,
            "enableWaf": False,
            "enableWafv2": False,
        },
    )


def _observability(site: Site) -> pulumi.Resource:
    """Container Insights: pod metrics and container logs, from an agent on every node. Unasked, the add-on would also
    put its tracing library into every pod (Amazon CloudWatch user guide, Application Signals, auto monitor).
    """
    groups = [
        site.plane.logs.group(f"{site.name}-insights-{kind}", INSIGHTS.format(site.plane.name, kind))
        for kind in ("application", "dataplane", "host", "performance")
    ]
    agent = role(
        f"{site.name}-agent-role",
        site.args.names.of(site.args.placement.key, "agent", limit=64),
        pod_identity_trust(site.plane.name, "amazon-cloudwatch", "cloudwatch-agent"),
        parent=site.parent,
        tags=site.args.tags,
        statements=[
            write_logs([pulumi.Output.concat(group.arn, ":*") for group in groups]),
            {
                "Effect": "Allow",
                "Action": "cloudwatch:PutMetricData",
                "Resource": "*",
                "Condition": {"StringEquals": {"cloudwatch:namespace": "ContainerInsights"}},
            },
            {
                "Effect": "Allow",
                "Action": ["ec2:DescribeTags", "ec2:DescribeVolumes", "logs:DescribeLogGroups"],
                "Resource": "*",  # these actions know no resource
            },
        ],
    )
    return addon(
        f"{site.name}-observability",
        site.plane.name,
        "amazon-cloudwatch-observability",
        site.args,
        site.opts(*groups, *agent.policies),
        configuration=_agent_configuration(site.args.placement.compute),
        pod_identity_associations=[{"role_arn": agent.arn, "service_account": "cloudwatch-agent"}],
    )


def _agent_configuration(compute: Compute) -> Mapping[str, Any]:
    """On machines without instance metadata the agent has to be told that its pod has a role (Amazon EKS user guide,
    add-ons for hybrid nodes).
    """
    quiet = {"manager": {"applicationSignals": {"autoMonitor": {"monitorAllServices": False}}}}
    if compute is not Compute.DATACENTER:
        return quiet
    return {**quiet, "agents": [{"name": "cloudwatch-agent", "env": [{"name": "RUN_WITH_IRSA", "value": "True"}]}]}


def _chart(
    site: Site,
    chart: Chart,
    *,
    statements: Sequence[Statement],
    values: Mapping[str, Any],
    account_of: str | None = None,
) -> pulumi.Resource:
    """A chart whose service account takes a role: by OIDC on Fargate, by Pod Identity on nodes. `account_of` is
    the one of the chart's parts whose account it is, where each has its own.
    """
    trust: Statement | pulumi.Output[Statement] = pod_identity_trust(site.plane.name, chart.namespace, chart.name)
    if site.plane.oidc:
        trust = web_identity_trust(site.plane.oidc, chart.namespace, chart.name)
    made = role(
        f"{site.name}-{chart.name}-role",
        site.args.names.of(site.args.placement.key, chart.name, limit=64),
        trust,
        parent=site.parent,
        tags=site.args.tags,
        statements=statements,
    )
    waits = [*site.after, *made.policies]
    if site.plane.oidc is None:
        waits.append(
            aws.eks.PodIdentityAssociation(
                f"{site.name}-{chart.name}",
                cluster_name=site.plane.name,
                namespace=chart.namespace,
                service_account=chart.name,
                role_arn=made.arn,
                tags=dict(site.args.tags),
                opts=pulumi.ResourceOptions(parent=site.parent, depends_on=list(site.plane.foundations)),
            )
        )
    annotations = {"eks.amazonaws.com/role-arn": made.arn} if site.plane.oidc else {}
    account = {"name": chart.name, "annotations": annotations}
    return release(
        site.name,
        chart,
        site.args,
        {"serviceAccount": {account_of: account} if account_of else account, **values},
        pulumi.ResourceOptions(parent=site.parent, provider=site.plane.provider, depends_on=waits),
    )
