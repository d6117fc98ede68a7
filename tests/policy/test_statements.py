"""Every IAM statement of every placement, read by parliament, which knows AWS's actions, resources and conditions."""

import json
import re
from pathlib import Path

import parliament
import pytest

import stackfiles
from planning.recording import record
from policy.catalogue import RULES
from policy.rule import violations
from tests.support.placements import PLACEMENTS, placed

ROOT = Path(__file__).resolve().parents[2]
PLACE = "us-east-1:123456789012"
ARNS = {
    "metric alarm": f"arn:aws:cloudwatch:{PLACE}:alarm:name",
    "bucket": "arn:aws:s3:::name",
    "cluster": f"arn:aws:ecs:{PLACE}:cluster/name",
    "event rule": f"arn:aws:events:{PLACE}:rule/name",
    "open id connect provider": "arn:aws:iam::123456789012:oidc-provider/name",
    "task definition": f"arn:aws:ecs:{PLACE}:task-definition/name:1",
    "configuration set": f"arn:aws:ses:{PLACE}:configuration-set/name",
    "email identity": f"arn:aws:ses:{PLACE}:identity/name",
    "key": f"arn:aws:kms:{PLACE}:key/00000000-0000-0000-0000-000000000000",
    "listener rule": f"arn:aws:elasticloadbalancing:{PLACE}:listener-rule/app/name/0/1/2",
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


MORE = """
services:
  web: {x-scaling: !override {min: 1, max: 4, cpu: 60}}
  worker: {x-scaling: !override {min: 1, max: 4, queue: {name: mails, per_task: 10}}}
  nightly:
    image: public.ecr.aws/docker/library/busybox:1.37
    user: 10001:10001
    command: ["true"]
    x-schedule: cron(0 3 * * ? *)
"""
"""What asks for rights that the sample alone does not need."""


@pytest.fixture(scope="module", params=PLACEMENTS)
def recording(request, tmp_path_factory):
    compute = request.param.partition("-")[2]
    more = tmp_path_factory.mktemp("more") / "more.yaml"
    more.write_text(MORE)
    changes = [*placed(request.param), f"workload=[compose.yaml, {more}]"]
    changes += [f"ecs={{exec: true, deployment: {'rolling' if compute == 'datacenter' else 'canary'}}}"]
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


MISTAKEN = (
    # Only so wide does it tell of composite alarms (AWS: CloudWatch API reference, DescribeAlarms).
    "RESOURCE_STAR - ['cloudwatch:DescribeAlarms']",
    # A rule is of an application or of a network load balancer, and parliament wants both of it.
    "RESOURCE_MISMATCH - [{'action': 'elasticloadbalancing:ModifyRule', 'required_format': 'arn:*:elastic",
)


def findings(policy):
    found = parliament.analyze_policy_string(real(policy))
    told = [str(parliament.enhance_finding(finding)) for finding in found.findings]
    return [finding for finding in told if not finding.startswith(MISTAKEN)]


def written(recording):
    """Every policy: what a role may, who may take it, and who may use a bucket, a queue, a topic or a repository.

    Parliament asks each statement for a resource, also where that is what the policy stands at. It does not know a
    key's policy, where `*` is the key, nor who but Amazon Cognito may vouch for somebody.
    """
    for resource in recording.resources:
        for key, place in (("policy", "*"), ("assumeRolePolicy", ARNS["role"])):
            text = resource.inputs.get(key) or "{}"
            statements = json.loads(text).get("Statement", [])
            if statements and resource.kind != "Key" and "Federated" not in text:
                whole = [{"Resource": place, **statement} for statement in statements]
                yield f"{resource.name} {resource.kind}.{key}", json.dumps({**json.loads(text), "Statement": whole})


def test_parliament_finds_nothing_in_any_statement(recording):
    policies = dict(written(recording))
    kinds = {name.rpartition(" ")[2].partition(".")[0] for name in policies}
    assert {"Role", "RolePolicy", "BucketPolicy", "QueuePolicy", "TopicPolicy"} <= kinds
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
