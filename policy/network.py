"""Rules for what is reachable, and how it is spoken to."""

from collections.abc import Iterator

from policy.rule import Inputs, Rule, each, expects, refuses, shown

ANYONE = ("0.0.0.0/0", "::/0")
PUBLIC_PORTS = (80, 443)
TLS_POLICIES = (
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
)
"""AWS: "Security policies for your Application Load Balancer": those with TLS 1.3 and nothing below 1.2."""


def open_ingress(inputs: Inputs) -> Iterator[str]:
    """The internet may come in on the ports of the web alone."""
    if {inputs.get("cidrIpv4"), inputs.get("cidrIpv6")} & set(ANYONE):
        first, last = inputs.get("fromPort"), inputs.get("toPort")
        if first != last or first not in PUBLIC_PORTS:
            yield f"ports {shown(first)} to {shown(last)} are open to everyone; only 80 and 443 may be"


def open_egress(inputs: Inputs) -> Iterator[str]:
    """What leaves for anywhere is HTTPS."""
    if {inputs.get("cidrIpv4"), inputs.get("cidrIpv6")} & set(ANYONE):
        first, last = inputs.get("fromPort"), inputs.get("toPort")
        if (first, last) != (443, 443):
            yield f"ports {shown(first)} to {shown(last)} lead anywhere; only 443 may"


def inline_rules(inputs: Inputs) -> Iterator[str]:
    for key in ("ingress", "egress"):
        if inputs.get(key):
            yield f"{key} is given in the group itself; rules are resources of their own, between groups"


def modern_tls(inputs: Inputs) -> Iterator[str]:
    policy = inputs.get("sslPolicy")
    if inputs.get("protocol") in ("HTTPS", "TLS") and policy not in TLS_POLICIES:
        yield f"sslPolicy is {shown(policy)}; allowed are {', '.join(TLS_POLICIES)}"


def plain_http(inputs: Inputs) -> Iterator[str]:
    actions = inputs.get("defaultActions") or ()
    redirects = [action.get("type") == "redirect" for action in actions]
    if inputs.get("protocol") == "HTTP" and not (redirects and all(redirects)):
        yield "it answers plain HTTP; port 80 may only redirect to HTTPS"


def public_tasks(inputs: Inputs) -> Iterator[str]:
    yield from refuses("assignPublicIp")(inputs.get("networkConfiguration") or {})


def public_machines(inputs: Inputs) -> Iterator[str]:
    for interface in inputs.get("networkInterfaces") or ():
        # The API knows this one as text (RequestLaunchTemplateData), so a provider may hand on either.
        if str(interface.get("associatePublicIpAddress", False)).lower() == "true":
            yield "networkInterfaces has associatePublicIpAddress, it has to be false"


def public_api(inputs: Inputs) -> Iterator[str]:
    """The Kubernetes API is open to everyone unless told otherwise (Amazon EKS user guide, cluster endpoint)."""
    given = inputs.get("vpcConfig") or inputs
    if given.get("endpointPrivateAccess") is not True:
        yield f"endpointPrivateAccess is {shown(given.get('endpointPrivateAccess'))}, it has to be true"
    cidrs = given.get("publicAccessCidrs") or ANYONE
    if given.get("endpointPublicAccess") is not False and set(cidrs) & set(ANYONE):
        yield "its endpoint is open to everyone; set publicAccessCidrs to the networks that may call it"


RULES = (
    Rule(
        name="web-ports-only",
        requires="Only ports 80 and 443 are open to everyone.",
        types=("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",),
        check=open_ingress,
        source="Security Hub EC2.18, EC2.19",
    ),
    Rule(
        name="https-out-only",
        requires="What may connect to anywhere does so on port 443.",
        types=("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",),
        check=open_egress,
        source="CIS AWS 7.0, 6",
    ),
    Rule(
        name="rules-between-groups",
        requires="Security groups have no rules of their own, the default group of a VPC has none at all.",
        types=("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        check=inline_rules,
        source="Security Hub EC2.2",
    ),
    Rule(
        name="no-public-subnet-addresses",
        requires="No subnet gives public addresses to what is put into it.",
        types=("aws:ec2/subnet:Subnet",),
        check=refuses("mapPublicIpOnLaunch"),
        source="Security Hub EC2.15",
    ),
    Rule(
        name="no-public-tasks",
        requires="No task has a public address.",
        types=("aws:ecs/service:Service",),
        check=public_tasks,
        source="Security Hub ECS.2, ECS.16",
    ),
    Rule(
        name="no-public-machines",
        requires="No machine has a public address.",
        types=("aws:ec2/launchTemplate:LaunchTemplate",),
        check=public_machines,
        source="Security Hub EC2.25",
    ),
    Rule(
        name="no-public-instances",
        requires="No instance has a public address.",
        types=("aws:ec2/instance:Instance",),
        check=refuses("associatePublicIpAddress"),
        source="Security Hub EC2.9",
    ),
    Rule(
        name="private-kubernetes-api",
        requires="A Kubernetes API is reached from the VPC, and from outside by named networks at most.",
        types=("aws:eks/cluster:Cluster", "eks:index:Cluster"),
        check=public_api,
        source="Security Hub EKS.1",
    ),
    Rule(
        name="balancer-hygiene",
        requires="Load balancers drop invalid headers, mend desynchronised requests and keep a record of all.",
        types=("aws:lb/loadBalancer:LoadBalancer",),
        check=each(
            expects(dropInvalidHeaderFields=True, desyncMitigationMode="strictest"),
            lambda inputs: expects(enabled=True)(inputs.get("accessLogs") or {}),
        ),
        source="Security Hub ELB.4, ELB.5, ELB.12",
    ),
    Rule(
        name="modern-tls",
        requires="TLS is 1.3, or 1.2 for those who cannot.",
        types=("aws:lb/listener:Listener",),
        check=modern_tls,
        source="Security Hub ELB.17",
    ),
    Rule(
        name="no-plain-http",
        requires="Port 80 redirects to HTTPS.",
        types=("aws:lb/listener:Listener",),
        check=plain_http,
        source="Security Hub ELB.1",
        advisory=True,
    ),
    Rule(
        name="no-open-functions",
        requires="No function has an address that everyone may call.",
        types=("aws:lambda/functionUrl:FunctionUrl",),
        check=expects(authorizationType="AWS_IAM"),
        source="Security Hub Lambda.1",
    ),
)
