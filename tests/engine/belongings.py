"""What belongs to one service on each placement: the names and types of its resources, as the engine shows them."""

_RULE = "aws:vpc/securityGroup{0}Rule:SecurityGroup{0}Rule"

_ECS = """
    {here}-{service} (aws:ecs/service:Service)
    {here}-{service} (aws:ecs/taskDefinition:TaskDefinition)
    {here}-{service}-rollout (pulumi-python:dynamic/switchyard:Rollout)
    {here}-{service}-execution (aws:iam/role:Role)
    {here}-{service}-execution (aws:iam/rolePolicy:RolePolicy)
    {here}-{service}-task (aws:iam/role:Role)
    {here}-{service}-log (aws:cloudwatch/logGroup:LogGroup)
    {here}-{service}-error_lines (aws:cloudwatch/logMetricFilter:LogMetricFilter)
    {here}-{service}-guard-restarts (aws:cloudwatch/metricAlarm:MetricAlarm)
"""
_ECS_SCALING = """
    {here}-{service}-scaling (aws:appautoscaling/target:Target)
    {here}-{service}-cpu (aws:appautoscaling/policy:Policy)
"""
_EKS = """
    {here}-deployment-{service} (kubernetes:apps/v1:Deployment)
    {here}-deployment-{service}-rollout (pulumi-python:dynamic/switchyard:KubernetesRollout)
    {here}-serviceaccount-{service} (kubernetes:core/v1:ServiceAccount)
    {here}-{service}-error_lines (aws:cloudwatch/logMetricFilter:LogMetricFilter)
"""
_EKS_SCALING = """
    {here}-horizontalpodautoscaler-{service} (kubernetes:autoscaling/v2:HorizontalPodAutoscaler)
"""
_NETWORK_POLICY = """
    {here}-networkpolicy-{service} (kubernetes:networking.k8s.io/v1:NetworkPolicy)
"""
_PODS_GROUP = f"""
    {{here}}-securitygrouppolicy-{{service}} (kubernetes:vpcresources.k8s.aws/v1beta1:SecurityGroupPolicy)
    {{here}}-{{service}}-api-in ({_RULE.format("Ingress")})
    {{here}}-{{service}}-kubelet-in ({_RULE.format("Ingress")})
    {{here}}-{{service}}-dns-tcp-in ({_RULE.format("Ingress")})
    {{here}}-{{service}}-dns-udp-in ({_RULE.format("Ingress")})
    {{here}}-{{service}}-dns-tcp-out ({_RULE.format("Egress")})
    {{here}}-{{service}}-dns-udp-out ({_RULE.format("Egress")})
"""
_GROUP = f"""
    network-unit-{{service}} (aws:ec2/securityGroup:SecurityGroup)
    network-{{service}}-to-@anywhere-tcp-443 ({_RULE.format("Egress")})
"""
_LINK = f"""
    network-{{service}}-to-{{to}}-tcp-{{port}} ({_RULE.format("Egress")})
    network-{{to}}-from-{{service}}-tcp-{{port}} ({_RULE.format("Ingress")})
"""
_ALARMS = {
    "ecs-fargate": "cpu memory running restarts error-lines",
    "ecs-ec2": "cpu memory running restarts error-lines",
    "ecs-datacenter": "cpu memory running restarts error-lines",
    "eks-fargate": "error-lines",
    "eks-ec2": "cpu memory running restarts oom error-lines",
    "eks-datacenter": "cpu memory running restarts oom error-lines",
}


def belongings(here: str, service: str) -> set[str]:
    """Of one that links to nothing, with a fixed number of replicas."""
    text = (_ECS if here.startswith("ecs") else _EKS) + "".join(
        f"\nalerting-{{here}}-{{service}}-{alarm} (aws:cloudwatch/metricAlarm:MetricAlarm)"
        for alarm in _ALARMS[here].split()
    )
    text += {"ecs-datacenter": "", "eks-fargate": _PODS_GROUP + _GROUP}.get(
        here, _GROUP if here.startswith("ecs") else _NETWORK_POLICY
    )
    return _lines(text, here=here, service=service)


def scaling(here: str, service: str) -> set[str]:
    """More of one that scales by its cpu."""
    return _lines(_ECS_SCALING if here.startswith("ecs") else _EKS_SCALING, here=here, service=service)


def links(here: str, service: str, **ports: int) -> set[str]:
    """More of one that links to other services, where security groups are the boundary."""
    if here not in ("ecs-fargate", "ecs-ec2", "eks-fargate"):
        return set()
    return {line for to, port in ports.items() for line in _lines(_LINK, service=service, to=to, port=port)}


def causes(here: str, service: str) -> set[str]:
    """More of one that has links: which of them may be why it fails."""
    kinds = ["notify"] if here == "eks-fargate" else ["notify", "page"]
    return {f"alerting-cause-{here}-{service}-{kind} (aws:cloudwatch/compositeAlarm:CompositeAlarm)" for kind in kinds}


def _lines(text: str, **names: object) -> set[str]:
    return {line.strip().format(**names) for line in text.splitlines() if line.strip()}
