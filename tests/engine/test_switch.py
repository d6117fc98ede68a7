"""Moving a stack: the data and the edge stay, and requests find new targets before the old ones go."""

import pytest

KEPT = ("aws:rds/instance:", "aws:elasticache/replicationGroup:", "aws:kms/key:Key", "aws:secretsmanager/",
        "random:", "aws:lb/loadBalancer:", "aws:lb/listener:", "aws:ec2/vpc:", "aws:ecr/repository:")  # fmt: skip
ROUTES = "routes-web"
RUNS = ("aws:ecs/service:", "kubernetes:apps/v1:Deployment")


@pytest.fixture(scope="module")
def stack(account, name):
    account.join()
    account.place(name, "ecs-fargate")
    made = account.stack(name)
    made.up()
    return made


@pytest.mark.parametrize(
    "target", ["eks-fargate", "eks-ec2", "eks-datacenter", "ecs-datacenter", "ecs-ec2", "ecs-fargate"]
)
def test_a_switch_keeps_data_and_address_and_moves_requests_first(account, name, stack, target):
    """Each case starts where the one before it ended, so that every neighbour is left and reached."""

    def lasting():
        return {
            found.id for found in account.cloud.objects() if found.type.startswith(KEPT) and "eks-" not in found.urn
        }

    before, url = lasting(), stack.outputs()["url"].value
    account.cloud.forget_calls()
    account.place(name, target)
    stack.up()

    assert before <= lasting()
    assert stack.outputs()["url"].value == url
    calls = account.cloud.calls("create", "update", "delete")
    assert not [call for call in calls if call.error]
    route = next(number for number, call in enumerate(calls) if call.name == ROUTES)
    made = [number for number, call in enumerate(calls) if call.operation == "create" and call.type.startswith(RUNS)]
    gone = [number for number, call in enumerate(calls) if call.operation == "delete" and call.type.startswith(RUNS)]
    assert calls[route].operation == "update"
    assert made
    assert gone
    assert max(made) < route < min(gone)
