"""The role that deploys: everything that the stack's resources need, by AWS's own names, and little more."""

import json
from fnmatch import fnmatchcase

import parliament
import pytest

import commands
import stackfiles
from commands import stacks
from orchestrators.registry import ORCHESTRATORS
from planning import answers
from planning.deployer import LIMIT, UnknownRightError, policies, rights
from planning.recording import record
from planning.resources import Recording, Resource
from planning.rights import FUNCTIONS, RIGHTS
from stack import describe
from tests.support.placements import SITE

PLACEMENTS = [(name, compute) for name, entry in ORCHESTRATORS.items() for compute in entry.computes]
RICH = ["alerts.sender=a@example.com", "alerts.to=[b@example.com]", "alerts.zone=Z0123456789ABCDEFGHIJ"]
TAGGED = [type_ for type_, right in RIGHTS.items() if right.tagged]


def made(stack, *changes):
    project, config = stackfiles.read(stacks.ROOT, stack, changes)
    recording = record(stacks.ROOT / "__main__.py", project=project, stack=stack, config=config)
    return recording, *describe(config, project=project, stack=stack, root=stacks.ROOT)


@pytest.fixture(scope="module", params=PLACEMENTS, ids="-".join)
def stack(request):
    orchestrator, compute = request.param
    site = [SITE] if compute == "datacenter" else []
    return made("prod", f"orchestrator={orchestrator}", f"compute={compute}", *RICH, *site)


@pytest.mark.parametrize("placement", PLACEMENTS, ids="-".join)
def test_a_stack_without_a_way_out_may_push_the_images_that_it_copies(placement):
    site = [SITE] if placement[1] == "datacenter" else []
    changes = (f"orchestrator={placement[0]}", f"compute={placement[1]}", "network={egress: endpoints}", *site)
    private = made("dev", *changes, "managed=[db]")  # the cache's image is public
    statements = [statement for document in policies(*private).values() for statement in document["Statement"]]
    assert allowed(statements, "ecr:PutImage")
    assert list(private[0].of("docker-build:index:Index"))


def expected(finding):
    """Parliament counts names alone where a region or a tag limits, wants network load balancers named beside ours, and
    warns of who may write policies, which is what a deployment does.
    """
    if finding.issue == "RESOURCE_MISMATCH":
        return all("/net/" in mismatch["required_format"] for mismatch in finding.detail)
    return finding.issue in ("RESOURCE_STAR", "RESOURCE_POLICY_PRIVILEGE_ESCALATION")


@pytest.fixture(scope="module")
def statements(stack):
    return [statement for document in policies(*stack).values() for statement in document["Statement"]]


def allowed(statements, action):
    return any(fnmatchcase(action, pattern) for statement in statements for pattern in statement["Action"])


def test_aws_knows_every_action_and_what_it_is_limited_to(stack):
    for document in policies(*stack).values():
        found = parliament.analyze_policy_string(json.dumps(document)).findings
        assert not [str(finding) for finding in found if not expected(finding)]


def test_each_policy_is_small_enough_to_be_a_managed_one(stack):
    for document in policies(*stack).values():
        assert len(json.dumps(document, separators=(",", ":"))) <= LIMIT


def test_a_preview_changes_nothing_and_reads_no_value(stack):
    found = policies(*stack, preview=True)
    actions = {action for document in found.values() for s in document["Statement"] for action in s["Action"]}
    verbs = {action.partition(":")[2] for action in actions}
    assert not [verb for verb in verbs if not verb.startswith(("Describe", "Get", "List"))]
    assert not {"secretsmanager:GetSecretValue", "secretsmanager:*", "secretsmanager:Get*"} & actions


def test_what_is_inside_of_things_is_read_of_the_stacks_own_alone(stack):
    for document in policies(*stack, preview=True).values():
        anywhere = {a for s in document["Statement"] if s["Resource"] == ["*"] for a in s["Action"]}
        readers = ["ssm:GetParameter", "ssm:GetParameters", "lambda:GetFunction", "s3:ListBucket"]
        assert not [reader for reader in readers if any(fnmatchcase(reader, action) for action in anywhere)]


def test_no_statement_allows_a_whole_service(statements):
    assert not [action for statement in statements for action in statement["Action"] if action.endswith(":*")]


def test_roles_go_to_services_that_they_trust_and_take_policies_that_the_program_names(statements):
    (passed,) = (s for s in statements if s["Action"] == ["iam:PassRole"])
    assert "ecs-tasks.amazonaws.com" in passed["Condition"]["StringEquals"]["iam:PassedToService"] or (
        "eks.amazonaws.com" in passed["Condition"]["StringEquals"]["iam:PassedToService"]
    )
    attached = [s for s in statements if "iam:AttachRolePolicy" in s["Action"]]
    assert all("iam:PolicyARN" in s["Condition"]["ArnEquals"] for s in attached)
    assert not allowed(statements, "iam:CreateUser")


def test_what_its_tags_guard_carries_the_stacks_tags(stack):
    recording = stack[0]
    bare = [r.name for r in recording.of(*TAGGED) if not {"project", "stack"} <= r.inputs.get("tags", {}).keys()]
    assert not bare


def test_names_that_the_program_gives_are_within_what_is_allowed(stack, statements):
    """Those with a name in their ARN: a log group, a role and a queue stand for the rest."""
    recording, settings, _ = stack
    places = [resource for statement in statements for resource in statement["Resource"]]
    forms = {
        "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:1:log-group:{name}",
        "aws:iam/role:Role": "arn:aws:iam::1:role/{name}",
        "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:1:{name}",
        "aws:lb/loadBalancer:LoadBalancer": "arn:aws:elasticloadbalancing:{region}:1:loadbalancer/app/{name}/1",
        "aws:lb/targetGroup:TargetGroup": "arn:aws:elasticloadbalancing:{region}:1:targetgroup/{name}/1",
        "aws:ecs/capacityProvider:CapacityProvider": "arn:aws:ecs:{region}:1:capacity-provider/{name}",
        "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:1:secret:{name}-AbCdEf",
    }
    arns = [
        form.format(region=settings.region, name=resource.inputs["name"])
        for type_, form in forms.items()
        for resource in recording.of(type_)
    ]
    assert arns
    assert not [arn for arn in arns if not any(fnmatchcase(arn, place) for place in places if place != "*")]


def test_the_plan_knows_the_rights_of_every_function_that_the_program_may_call():
    assert not answers._ANSWERS.keys() - FUNCTIONS.keys()


def test_a_type_that_nobody_knows_the_rights_of_is_named():
    new = Resource(urn="u", type="aws:new/thing:Thing", name="n")
    with pytest.raises(UnknownRightError, match="aws:new/thing:Thing"):
        rights(Recording(resources=(new,), exports={}))


def test_the_command_prints_or_writes_the_policies(capsys, tmp_path):
    assert commands.main(["policy"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert commands.main(["policy", "--out", str(tmp_path)]) == 0
    written = {file.name: json.loads(file.read_text()) for file in tmp_path.glob("[!.]*.json")}
    assert written == printed
    assert sorted(printed) == ["switchyard-dev-deploy-1.json", "switchyard-dev-deploy-2.json"]
    assert commands.main(["policy", "--set", "orchestrator=esc"]) == 1
    assert "pulumi config set orchestrator ecs" in capsys.readouterr().err
