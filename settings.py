"""Stack config, parsed once into a frozen typed object."""

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints

from stackconfig import WRONG, Decoder, Form, Invalid, Section, SettingsError, WrongInputError

__all__ = [
    "AlertSettings",
    "ClusterSettings",
    "Compute",
    "EcsSettings",
    "EdgeSettings",
    "NetworkSettings",
    "Orchestrator",
    "Placement",
    "RegistrySettings",
    "Settings",
    "SettingsError",
    "SiteSettings",
    "Size",
    "load",
    "read",
]


def _network(text: str, prefixes: range = range(33)) -> bool:
    try:
        return ipaddress.IPv4Network(text).prefixlen in prefixes
    except ValueError:
        return False


def _like(pattern: str, says: str, example: str) -> Form:
    return Form(says, example, lambda text: re.fullmatch(pattern, text) is not None)


_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""AWS: PutRetentionPolicy, CloudWatch Logs API reference."""

Region = Annotated[str, _like(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as us-east-1", "us-east-1")]
Cidr = Annotated[str, Form("an IPv4 network such as 203.0.113.0/24", "203.0.113.0/24", _network)]
VpcCidr = Annotated[
    str,
    Form(
        "an IPv4 network of /16 to /20 such as 10.0.0.0/16", "10.0.0.0/16", lambda text: _network(text, range(16, 21))
    ),
]
VpcId = Annotated[str, _like(r"vpc-[0-9a-f]{8,17}", "the id of a VPC", "vpc-0123456789abcdef0")]
SubnetId = Annotated[str, _like(r"subnet-[0-9a-f]{8,17}", "the id of a subnet", "subnet-0123456789abcdef0")]
Zones = Annotated[int, Form("2 or 3 availability zones", "2", (2, 3).__contains__)]
Weight = Annotated[int, Form("a weight of 0 to 999", "100", lambda number: number in range(1000))]
Percent = Annotated[int, Form("a share of 0 to 100 percent", "50", lambda number: number in range(101))]
Count = Annotated[int, Form("a number of 0 to 1000", "1", lambda number: number in range(1001))]
Machines = Annotated[int, Form("a number of 1 to 1000 machines", "3", lambda number: number in range(1, 1001))]
Minutes = Annotated[int, Form("0 to 1440 minutes", "5", lambda number: number in range(1441))]
LogDays = Annotated[
    int,
    Form(f"a retention that CloudWatch knows, in days: {', '.join(map(str, _LOG_DAYS))}", "30", _LOG_DAYS.__contains__),
]
InstanceType = Annotated[str, _like(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an EC2 instance type", "m6i.large")]
Email = Annotated[str, _like(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", "one e-mail address", "ops@example.com")]
Zone = Annotated[str, _like(r"Z[A-Z0-9]{6,31}", "the id of a Route 53 hosted zone", "Z0123456789ABCDEFGHIJ")]
Address = Annotated[
    str, Form("an IPv4 address such as 192.168.10.5", "192.168.10.5", lambda text: "/" not in text and _network(text))
]
TransitGateway = Annotated[str, _like(r"tgw-[0-9a-f]{17}", "the id of a transit gateway", "tgw-0123456789abcdef0")]
VpnGateway = Annotated[
    str, _like(r"vgw-[0-9a-f]{8,17}", "the id of a virtual private gateway", "vgw-0123456789abcdef0")
]
Moment = Annotated[
    str,
    _like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a moment in UTC such as 2030-01-31T00:00:00Z", "2030-01-31T00:00:00Z"),
]
Url = Annotated[
    str, _like(r"https://[^\s#\"<>]+", "an https address without an anchor", "https://wiki.example.com/alarms")
]
RuleTuning = Annotated[str, _like(r"off|-?\d+(\.\d+)?", "`off` or a threshold such as 90", "off")]
Dollars = Annotated[int, Form("a sum of 1 USD or more", "100", lambda number: number >= 1)]
Certificate = Annotated[
    str,
    _like(
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}",
        "the ARN of a certificate in AWS Certificate Manager",
        "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
    ),
]
RoleArn = Annotated[
    str,
    _like(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
        "the ARN of an IAM role",
        "arn:aws:iam::123456789012:role/operators",
    ),
]
PullSecret = Annotated[
    str,
    _like(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:ecr-pullthroughcache/[\w/+=.@-]+",
        "the ARN of a secret whose name begins with ecr-pullthroughcache/",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf",
    ),
]
Digest = Annotated[
    str,
    _like(
        r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}",
        "an image by digest, repository@sha256:...",
        f"123456789012.dkr.ecr.us-east-1.amazonaws.com/api@sha256:{'0' * 64}",
    ),
]


Domain = Annotated[
    str,
    _like(
        r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", "a domain name such as portal.example.com", "portal.example.com"
    ),
]
Sticky = Annotated[int, Form("0 to 604800 seconds", "3600", lambda number: number in range(604801))]
SlowStart = Annotated[int, Form("0, or 30 to 900 seconds", "30", lambda number: number in (0, *range(30, 901)))]


class Orchestrator(StrEnum):
    ECS = "ecs"
    EKS = "eks"


class Compute(StrEnum):
    """The kind of machine that the containers run on."""

    FARGATE = "fargate"
    EC2 = "ec2"
    DATACENTER = "datacenter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement(Section):
    """One orchestrator on one kind of machine; `weight` is its share of the edge's requests."""

    orchestrator: Orchestrator
    compute: Compute
    weight: Weight = 100

    @property
    def key(self) -> str:
        """`ecs-fargate` and so on: the placement in names and messages."""
        return f"{self.orchestrator}-{self.compute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings(Section):
    """`network`: an own VPC of `cidr` over `zones` zones. `egress` is how private subnets reach AWS and the world: by
    NAT gateways, or by `endpoints` of the AWS services that the stack calls and by nothing else.

    Or `vpc`, one that exists, with its subnets by tier, one per zone: `public` for the load balancer, `private` for
    containers, `isolated` for data. The way out is its own; `egress: endpoints` says that it has none but endpoints.
    """

    cidr: VpcCidr = "10.0.0.0/16"
    zones: Zones = 2
    egress: Literal["nat", "nat-per-zone", "endpoints"] = "nat"
    vpc: VpcId | None = None
    public: tuple[SubnetId, ...] = ()
    private: tuple[SubnetId, ...] = ()
    isolated: tuple[SubnetId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings(Section):
    """`edge`: where the public load balancer answers. With `domain` and its Route 53 `zone` the stack has a certificate
    made and leads the name to the load balancer; `certificate_arn` is one that exists. Without either it speaks plain
    HTTP, which a stack has to say (`http: true`); the plan shouts it.

    `sticky` is for how many seconds a client stays with one target, `slow_start` over how many a new target comes to
    its full share; 0 is off (AWS: target group attributes, Application Load Balancers user guide).
    """

    certificate_arn: Certificate | None = None
    domain: Domain | None = None
    zone: Zone | None = None
    http: bool = False
    sticky: Sticky = 0
    slow_start: SlowStart = 0
    allow_from: tuple[Cidr, ...] = ("0.0.0.0/0",)

    @property
    def encrypted(self) -> bool:
        return self.certificate_arn is not None or self.zone is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings(Section):
    """`alerts`: who gets mail. `sender` is the address that it comes from; `to` the recipients, but for a severity
    (`page`, `notify`, `digest`) that has its own. `fallback` is told by Amazon SNS when Amazon SES fails; without it
    everybody in `to` is.

    SES verifies the sender's domain (by DNS records, created in the Route 53 zone `zone` or else exported), or with
    `identity: address` the one address. `dmarc: false` leaves out the DMARC record, for a domain that has one.
    `runbook` is a page of the team's own with a section per rule, to which every mail links.
    `rules` tunes a rule in the whole stack: `off` or a threshold. `budget` is what the stack may cost in a month.
    """

    sender: Email | None = None
    to: tuple[Email, ...] = ()
    page: tuple[Email, ...] = ()
    notify: tuple[Email, ...] = ()
    digest: tuple[Email, ...] = ()
    fallback: tuple[Email, ...] = ()
    identity: Literal["domain", "address"] = "domain"
    zone: Zone | None = None
    dmarc: bool = True
    runbook: Url | None = None
    rules: Mapping[str, RuleTuning] = field(default_factory=lambda: MappingProxyType({}))
    budget: Dollars | None = None


KubernetesVersion = Literal["1.36", "1.35", "1.34", "1.33"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings(Section):
    """`cluster` (EKS only): the Kubernetes version, and from where its API may be reached; nowhere is the VPC alone.
    `admins` are IAM roles that may do everything in it, beside the one that made it.
    `spot` (EC2) lets services of several copies without a volume stand on Spot capacity.

    Versions that `orchestrators.eks.versions` knows the support of.
    """

    version: KubernetesVersion = "1.35"
    public_access_cidrs: tuple[Cidr, ...] = ()
    admins: tuple[RoleArn, ...] = ()
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsSettings(Section):
    """`ecs` (ECS only): `spot` is the percentage of tasks (Fargate) or instances (EC2) on Spot capacity beyond the
    first `on_demand`. `instance_types` (EC2) are alternatives, of one architecture. `log_days` is how long logs are
    kept; without it 30 days, and 365 where the stack is protected.

    `deployment` is how a new version of a service with an ingress comes: task by task, or beside the old one with the
    requests moved at once, in ten steps, or a few first. `bake_minutes` is for how long the old version then stays.
    `exec` lets those with the right to it run commands in running containers.
    """

    spot: Percent = 0
    on_demand: Count = 1
    instance_types: tuple[InstanceType, ...] = ("m6i.large", "m6a.large", "m5.large")
    log_days: LogDays | None = None
    deployment: Literal["rolling", "blue_green", "linear", "canary"] = "rolling"
    bake_minutes: Minutes = 5
    exec: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings(Section):
    """`site` (data centre only): one's own machines and the way to them. `networks` are the machines' own, `pods` (EKS)
    those of their pods. `address` is the site's one fixed address, at which its proxy takes requests: ECS knows no
    other way, on EKS the load balancer reaches the pods themselves without it.
    The VPC reaches the site by the transit gateway or the virtual private gateway, of which one has to exist.
    `machines` is how many may register, until `activate_until`; without it for a day from the `up` on.
    """

    networks: tuple[Cidr, ...] = ()
    pods: tuple[Cidr, ...] = ()
    address: Address | None = None
    transit_gateway: TransitGateway | None = None
    vpn_gateway: VpnGateway | None = None
    machines: Machines = 3
    activate_until: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings(Section):
    """`registries`: accounts at public registries, each a secret `ecr-pullthroughcache/...` of Secrets Manager with
    `username` and `accessToken`. With one, Amazon ECR caches that registry's images too.
    """

    docker_hub: PullSecret | None = None
    github: PullSecret | None = None


class Size(StrEnum):
    """How large the managed data is: `small` is one smallest instance, `production` survives the loss of a zone."""

    SMALL = "small"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Section):
    """Everything that one stack decides. Made by `settings.load` only."""

    project: str
    stack: str
    region: Region
    placements: tuple[Placement, ...]
    workload: tuple[str, ...] = ("compose.yaml",)
    profiles: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    size: Size = Size.SMALL
    lose: tuple[str, ...] = ()
    """Names of stores that the stack no longer keeps and whose data may be lost (docs/adr/0004)."""
    images: Mapping[str, Digest] = field(default_factory=lambda: MappingProxyType({}))
    """Digest references from CI per service (`repository@sha256:...`); what is not here, `up` builds."""
    registries: RegistrySettings = RegistrySettings()
    network: NetworkSettings = NetworkSettings()
    edge: EdgeSettings = EdgeSettings()
    alerts: AlertSettings = AlertSettings()
    cluster: ClusterSettings = ClusterSettings()
    ecs: EcsSettings = EcsSettings()
    site: SiteSettings = SiteSettings()
    protect: bool = False
    """Whether stateful resources refuse deletion, in Pulumi and in AWS."""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def shifts(self) -> bool:
        """Whether ECS moves the edge's requests between two versions of a service."""
        (first, *others) = self.placements
        return self.ecs.deployment != "rolling" and not others and first.orchestrator is Orchestrator.ECS


def load(config: Mapping[str, object], *, project: str, stack: str) -> Settings:
    """The settings of `stack` from its whole config, as `read` takes it. Raises SettingsError with every problem."""
    settings, problems = read(config, project=project, stack=stack)
    if problems:
        raise SettingsError(problems)
    return settings


def read(config: Mapping[str, object], *, project: str, stack: str) -> tuple[Settings, tuple[Invalid, ...]]:
    """The settings of `stack` from its whole config, keys with their namespace (`switchyard:managed`, `aws:region`),
    and what is wrong with them; reading a setting that is wrong raises WrongInputError.

    Values may be plain or, as the Pulumi engine hands them on, JSON in strings. Other namespaces are left alone.
    An empty or missing value is the default.
    """
    decoder = Decoder(stack)
    own = {key.removeprefix(f"{project}:"): value for key, value in config.items() if key.startswith(f"{project}:")}
    hints = get_type_hints(Settings, include_extras=True)
    keys: dict[str, Any] = {"orchestrator": Orchestrator, "compute": Compute}
    keys |= {key: hint for key, hint in hints.items() if key not in ("project", "stack", "region")}
    aws = decoder.fields("", {"aws:region": config.get("aws:region")}, {"aws:region": hints["region"]}, ["aws:region"])
    values = decoder.fields("", {key: value for key, value in own.items() if value != ""}, keys)
    short: dict[str, Any] = {key: values.pop(key) for key in ("orchestrator", "compute") if key in values}
    if not values.get("placements"):
        values["placements"] = (Placement.of({"orchestrator": Orchestrator.ECS, "compute": Compute.FARGATE, **short}),)
    elif values["placements"] is not WRONG:
        for key in short:
            decoder.remove(key, "stands together with placements, which say the same; keep one of them")
    settings = Settings.of({"project": project, "stack": stack, "region": aws["aws:region"], **values})
    for check in (_check_placements, _check_edge, _check_certificate, _check_alerts, _check_sender, _check_tags):
        with suppress(WrongInputError):
            check(decoder, settings)
    return settings, tuple(decoder.problems)


def _check_placements(decoder: Decoder, settings: Settings) -> None:
    keys = [placement.key for placement in settings.placements]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            decoder.remove(f"placements[{index}]", f"{key} stands there already")
    if not any(placement.weight for placement in settings.placements):
        decoder.refuse("placements[0].weight", "every weight is 0, so no request would be answered", "100")


def _check_alerts(decoder: Decoder, settings: Settings) -> None:
    alerts = settings.alerts
    if alerts.zone and alerts.identity == "address":
        decoder.remove("alerts.zone", "has no use with identity address, which needs no DNS records")
    for key in ("page", "notify", "digest", "fallback", "budget"):
        if getattr(alerts, key) and not alerts.to:
            decoder.refuse("alerts.to", f"is missing; alerts.{key} only differs from it", '["ops@example.com"]')
            return


def _check_sender(decoder: Decoder, settings: Settings) -> None:
    if settings.alerts.to and not settings.alerts.sender:
        decoder.refuse("alerts.sender", "is missing, so nobody could send the mail to alerts.to", "alerts@example.com")


def _check_tags(decoder: Decoder, settings: Settings) -> None:
    for tag in settings.tags:
        if tag.lower().startswith("aws:"):
            decoder.remove(f"tags.{tag}", "AWS keeps tags that begin with aws: to itself")


def _check_edge(decoder: Decoder, settings: Settings) -> None:
    edge = settings.edge
    if edge.zone and edge.domain is None:
        decoder.refuse("edge.domain", "is missing; edge.zone only says where its records go", "portal.example.com")
    if edge.domain and edge.zone is None:
        decoder.refuse("edge.zone", "is missing, so nothing could prove edge.domain", "Z0123456789ABCDEFGHIJ")
    if edge.certificate_arn and edge.zone:
        decoder.remove("edge.certificate_arn", "stands together with edge.zone, which has one made; keep one of them")
    if edge.encrypted and edge.http:
        message = "true, although there is a certificate; with one, port 80 only redirects to HTTPS"
        decoder.refuse("edge.http", message, "false")


def _check_certificate(decoder: Decoder, settings: Settings) -> None:
    """AWS: "HTTPS listeners for your Application Load Balancer", Elastic Load Balancing user guide."""
    arn, region = settings.edge.certificate_arn, settings.region
    if arn and (elsewhere := arn.split(":")[3]) != region:
        message = f"is a certificate in {elsewhere}; a load balancer takes those of its own region, {region}"
        decoder.refuse("edge.certificate_arn", message, arn.replace(elsewhere, region))
