"""The policy pack as the engine runs it: `pulumi preview --policy-pack policy`."""

import pytest
from pulumi.automation import CommandError

FOREIGN = """
import pulumi_aws as aws

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
aws.ec2.Subnet("open", vpc_id=vpc.id, cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
"""


def test_the_projects_own_stack_keeps_every_rule(account):
    seen = account.stack("dev").preview(policy_packs=["policy"]).stdout
    assert "switchyard@v" in seen
    assert "[mandatory]" not in seen
    assert "[advisory]  no-plain-http  (aws:lb:Listener: edge-http)" in seen


def test_a_stack_that_breaks_a_rule_is_stopped_by_its_name(account):
    program = account.folder / "__main__.py"
    program.write_text(FOREIGN)
    with pytest.raises(CommandError) as stopped:
        account.stack("dev").preview(policy_packs=["policy"])
    assert "[mandatory]  no-public-subnet-addresses  (aws:ec2:Subnet: open)" in str(stopped.value)
    assert "mapPublicIpOnLaunch is true, it has to be false" in str(stopped.value)
