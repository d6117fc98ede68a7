"""A stack whose machines stand in a data centre, on ECS: moved there and back by the real engine."""

import pytest

SITE = {"networks": ["192.168.0.0/24"], "address": "192.168.0.10", "transit_gateway": "tgw-0123456789abcdef0"}


@pytest.fixture(scope="module")
def stack(account):
    made = account.stack("dev")
    made.up()
    account.configure("dev", {"compute": "datacenter", "site": SITE})
    made.up()
    return made


def test_requests_are_routed_once_the_proxy_at_the_site_answers(account, stack):
    calls = account.cloud.calls("create", "update")
    assert not [call for call in calls if call.error]
    names = [call.name for call in calls]
    assert names.index("ecs-datacenter-site-web") < len(names) - 1 - names[::-1].index("routes-web")


def test_the_join_script_is_an_output_and_its_code_stands_nowhere_as_text(account, stack):
    outputs = stack.outputs()
    (activation,) = account.cloud.objects("aws:ssm/activation:Activation")
    code = activation.outputs["activationCode"]
    assert f"--activation-code {code}" in outputs["ecs-datacenter-join"].value
    assert outputs["ecs-datacenter-join"].secret
    assert code not in (account.folder.parent / "state/.pulumi/stacks/switchyard/dev.json").read_text()


def test_a_preview_in_another_process_changes_nothing(account, stack):
    account.stack("dev", PYTHONHASHSEED="4711").preview(expect_no_changes=True)


def test_it_moves_back_to_fargate(account, stack):
    account.cloud.forget_calls()
    account.configure("dev", {"compute": "fargate", "site": None})
    stack.up()
    assert not [call for call in account.cloud.calls("create", "update", "delete") if call.error]
    assert not account.cloud.objects("aws:ssm/activation:Activation")
