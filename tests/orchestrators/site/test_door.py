"""The proxy at the site's address is waited for, and what is missing is said."""

import boto3
import pytest
from botocore.stub import Stubber

from orchestrators.site import answers
from orchestrators.site.answers import NoAnswerError
from orchestrators.site.door import _AnswersProvider
from tests.support.seeds import same_output

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef"
SERIALIZE = """
from pulumi.dynamic.dynamic import serialize_provider
from orchestrators.site.door import _AnswersProvider
print(serialize_provider(_AnswersProvider()))
"""


@pytest.fixture
def elbv2():
    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(session.client("elbv2")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def health(elbv2, state, **more):
    target = {"Id": "192.168.0.10", "Port": 8000}
    told = {"TargetHealthDescriptions": [{"Target": target, "TargetHealth": {"State": state, **more}}]}
    elbv2.add_response("describe_target_health", told, {"TargetGroupArn": GROUP, "Targets": [target]})


def answer(elbv2, **changes):
    return answers.wait(
        elbv2.client,
        target_group=GROUP,
        address="192.168.0.10",
        port=8000,
        service="web",
        hint="Start the proxy.",
        sleep=lambda _: None,
        **changes,
    )


def test_requests_come_once_the_proxy_answers(elbv2):
    health(elbv2, "initial", Reason="Elb.RegistrationInProgress")
    health(elbv2, "healthy")
    assert answer(elbv2) == f"{GROUP}/192.168.0.10:8000"


def test_a_proxy_that_does_not_answer_fails_with_the_load_balancers_reason(elbv2):
    health(elbv2, "unhealthy", Reason="Target.Timeout", Description="Request timed out")
    message = (
        r"^The load balancer gets no answer for web at 192\.168\.0\.10:8000: Request timed out\. Start the proxy\.$"
    )
    with pytest.raises(NoAnswerError, match=message):
        answer(elbv2, patience=-1)


def test_what_stands_is_asked_again_only_when_something_else_is_wanted():
    target = {"target_group": GROUP, "address": "192.168.0.10", "port": 8000}
    assert _AnswersProvider().diff("id", target, {**target, "service": "b"}).changes is False
    assert _AnswersProvider().diff("id", target, {**target, "address": "192.168.0.11"}).replaces == ["address"]


def test_two_processes_write_the_same_small_provider_into_the_state():
    assert len(same_output(SERIALIZE)) < 200
