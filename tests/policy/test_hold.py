"""The rules inside of the program."""

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import settings

from policy.hold import hold
from tests.support.pulumi_run import run


@pytest.fixture
def held():
    """A stack whose resources are held against the rules."""

    def start(program):
        def inside():
            settings.set_root_resource(None)
            pulumi.runtime.stack.Stack(lambda: (hold(), program()))

        return run(inside)

    return start


def test_a_resource_that_breaks_a_rule_is_not_made(held):
    with pytest.raises(pulumi.RunError) as caught:
        held(lambda: aws.ec2.Subnet("open", vpc_id="vpc", cidr_block="10.0.0.0/24", map_public_ip_on_launch=True))
    assert str(caught.value) == (
        "open breaks the rule no-public-subnet-addresses: mapPublicIpOnLaunch is true, it has to be false"
    )


def test_nested_inputs_are_read_in_either_spelling(held):
    with pytest.raises(pulumi.RunError, match='httpTokens is "optional"'):
        held(lambda: aws.ec2.LaunchTemplate("machines", metadata_options={"http_tokens": "optional"}))


def test_what_only_the_cloud_knows_breaks_no_rule(held):
    def program():
        known_later = pulumi.Output.from_input("key")
        aws.secretsmanager.Secret("password", kms_key_id=known_later)

    assert [each.name for each in held(program).of("secretsmanager/secret:Secret")] == ["password"]


def test_an_advisory_rule_stops_nothing(held):
    def program():
        aws.lb.Listener(
            "http", load_balancer_arn="arn", port=80, protocol="HTTP", default_actions=[{"type": "forward"}]
        )

    assert [each.name for each in held(program).of("lb/listener:Listener")] == ["http"]


def test_a_reference_to_what_exists_is_no_resource_of_the_stack(held):
    """Such as the cluster that `pulumi_eks.Cluster` gives: its inputs are elsewhere."""
    assert held(lambda: aws.eks.Cluster.get("there", "switchyard-dev-eks-ec2"))
