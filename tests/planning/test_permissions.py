import json

from planning.permissions import statements
from planning.resources import Recording, Resource

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["<arn of bucket b>"]}


def role(**inputs):
    return Resource(urn="role", type="aws:iam/role:Role", name="web", id="<id of role web>", inputs=inputs)


def found(*resources):
    return [(each.who, each.actions, each.resources) for each in statements(Recording(resources=resources, exports={}))]


def test_an_inline_policy_belongs_to_its_role_by_whatever_names_it():
    policy = json.dumps({"Statement": READ})
    for name in ("<id of role web>", "<name of role web>", "web"):
        attached = Resource(
            urn="p", type="aws:iam/rolePolicy:RolePolicy", name="web-read", inputs={"role": name, "policy": policy}
        )
        assert found(role(), attached) == [("web", ("s3:GetObject",), ("<arn of bucket b>",))]


def test_an_attached_policy_of_the_program_is_spelled_out():
    policy = Resource(
        urn="p", type="aws:iam/policy:Policy", name="read", id="<id of policy read>",
        inputs={"policy": json.dumps({"Statement": [READ]})},
    )  # fmt: skip
    attachment = Resource(
        urn="a", type="aws:iam/rolePolicyAttachment:RolePolicyAttachment", name="web-read",
        inputs={"role": "<name of role web>", "policyArn": "<arn of policy read>"},
    )  # fmt: skip
    assert found(role(), policy, attachment) == [("web", ("s3:GetObject",), ("<arn of bucket b>",))]


def test_a_policy_of_aws_is_named_whole():
    attachment = Resource(
        urn="a", type="aws:iam/rolePolicyAttachment:RolePolicyAttachment", name="web-admin",
        inputs={"role": "<name of role web>", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    )  # fmt: skip
    assert found(role(), attachment) == [
        ("web", ("everything in arn:aws:iam::aws:policy/AdministratorAccess",), ("*",))
    ]


def test_what_a_policy_excludes_is_told_as_such():
    policy = json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "x"}})
    bucket = Resource(urn="b", type="aws:s3/bucketPolicy:BucketPolicy", name="logs", inputs={"policy": policy})
    assert found(bucket) == [("logs", ("not iam:*",), ("not x",))]


def test_who_may_take_a_role_and_under_which_condition_is_told():
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    condition = {"StringEquals": {"aws:SourceAccount": "<account>"}}
    taken = role(assumeRolePolicy=json.dumps({"Statement": [{**trust, "Condition": condition}]}))
    (statement,) = statements(Recording(resources=(taken,), exports={}))
    assert statement.principals == ("ecs-tasks.amazonaws.com",)
    assert json.loads(statement.conditions) == condition
