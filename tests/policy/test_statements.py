"""Every IAM statement of every placement, read by parliament, which knows AWS's actions, resources and conditions."""

import re
from pathlib import Path

import parliament
import pytest

import stackfiles
from orchestrators.registry import ORCHESTRATORS
from planning.recording import record
from policy.catalogue import RULES
from policy.rule import violations

ROOT = Path(__file__).resolve().parents[2]
PLACEMENTS = [f"{name}-{compute}" for name, entry in ORCHESTRATORS.items() for compute in entry.computes]
SITE = "site={networks: [192.168.0.0/24], pods: [192.168.64.0/18], address: 192.168.0.10, vpn_gateway: vgw-01234567}"
PLACE = "us-east-1:123456789012"
ARNS = {
    "configuration set": f"arn:aws:ses:{PLACE}:configuration-set/name",
    "email identity": f"arn:aws:ses:{PLACE}:identity/name",
    "key": f"arn:aws:kms:{PLACE}:key/00000000-0000-0000-0000-000000000000",
    "log group": f"arn:aws:logs:{PLACE}:log-group:name",
    "parameter": f"arn:aws:ssm:{PLACE}:parameter/name",
    "queue": f"arn:aws:sqs:{PLACE}:name",
    "repository": f"arn:aws:ecr:{PLACE}:repository/name",
    "role": "arn:aws:iam::123456789012:role/name",
    "secret": f"arn:aws:secretsmanager:{PLACE}:secret:name",
    "table": f"arn:aws:dynamodb:{PLACE}:table/name",
    "target group": f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/name/0123456789abcdef",
    "topic": f"arn:aws:sns:{PLACE}:name",
}


@pytest.fixture(scope="module", params=PLACEMENTS)
def recording(request):
    orchestrator, _, compute = request.param.partition("-")
    changes = [f"orchestrator={orchestrator}", f"compute={compute}"]
    changes += [SITE] if compute == "datacenter" else []
    project, config = stackfiles.read(ROOT, "prod", changes)
    return record(ROOT / "__main__.py", project=project, stack="prod", config=config)


def arn(found):
    kind = max((kind for kind in ARNS if found[1].startswith(kind)), key=len, default=None)
    assert kind, f"this test knows no ARN for {found[0]}"
    return ARNS[kind]


def real(policy):
    """The policy with AWS's forms in the places that the plan marks."""
    policy = re.sub(r"<arn of ([^>]+)>", arn, policy)
    return re.sub(r"<[^>]+>", "123456789012", policy)


WIDE = "RESOURCE_STAR - ['cloudwatch:DescribeAlarms']"
"""Only so wide does it tell of composite alarms (AWS: CloudWatch API reference, DescribeAlarms)."""


def findings(policy):
    found = parliament.analyze_policy_string(real(policy))
    told = [str(parliament.enhance_finding(finding)) for finding in found.findings]
    return [finding for finding in told if not finding.startswith(WIDE)]


def test_parliament_finds_nothing_in_any_right(recording):
    policies = {
        resource.name: resource.inputs["policy"]
        for resource in recording.of("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
    }
    assert policies
    assert {name: found for name, policy in policies.items() if (found := findings(policy))} == {}


def test_parliament_knows_a_wrong_action_from_a_right_one():
    statement = '{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{}", "Resource": "*"}}}}'
    assert findings(statement.format("ecr:GetAuthorizationToken")) == []
    assert findings(statement.format("ecr:GetAuthorisationToken"))


def test_no_resource_of_any_placement_breaks_a_rule(recording):
    broken = [
        str(violation)
        for resource in recording.resources
        for violation in violations(RULES, resource.type, resource.name, resource.inputs)
    ]
    assert broken == []
