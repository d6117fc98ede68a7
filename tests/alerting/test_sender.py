"""The identity, its DNS records, and where the word on failed and on test mails goes."""

import json
from dataclasses import replace

import pytest

from settings import AlertSettings
from tests.alerting.test_component import MAILED, NAMES, alerting
from tests.support.pulumi_run import Run

RECORD = "route53/record:Record"
MAIL_ACCOUNT = {"ses:configuration-set": ["portal-prod-alerts"]}


def identity(settings: AlertSettings) -> str:
    return alerting(settings).one("emailIdentity:EmailIdentity").inputs["emailIdentity"]


def records(made: Run) -> set[tuple[str, str, str]]:
    return {(r.inputs["name"], r.inputs["type"], r.inputs["records"][0]) for r in made.of(RECORD)}


def test_in_a_zone_of_ours_the_domain_is_authenticated_whole():
    assert records(alerting(replace(MAILED, zone="Z0123456789"))) == {
        ("one._domainkey.example.com", "CNAME", "one.dkim.amazonses.com"),
        ("two._domainkey.example.com", "CNAME", "two.dkim.amazonses.com"),
        ("three._domainkey.example.com", "CNAME", "three.dkim.amazonses.com"),
        ("bounces.example.com", "MX", "10 feedback-smtp.eu-central-1.amazonses.com"),
        ("bounces.example.com", "TXT", "v=spf1 include:amazonses.com ~all"),
        ("_dmarc.example.com", "TXT", "v=DMARC1; p=quarantine"),
    }


def test_a_domain_that_has_a_dmarc_record_keeps_it():
    made = alerting(replace(MAILED, zone="Z0123456789", dmarc=False))
    assert not any(name.startswith("_dmarc") for name, _, _ in records(made))


def test_without_a_zone_no_record_is_made_and_mail_goes_out_before_they_are_there():
    made = alerting(MAILED)
    assert records(made) == set()
    mail_from = made.one("emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes").inputs
    assert mail_from["behaviorOnMxFailure"] == "USE_DEFAULT_VALUE"


@pytest.mark.parametrize(("kind", "name"), [("domain", "example.com"), ("address", "alarms@example.com")])
def test_the_identity_is_the_domain_or_the_one_address(kind, name):
    assert identity(replace(MAILED, identity=kind)) == name


def test_an_address_needs_no_dns():
    made = alerting(replace(MAILED, identity="address"))
    assert not made.of("emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes")


def test_mails_need_tls_and_bounced_addresses_are_spared():
    made = alerting(MAILED).one("configurationSet:ConfigurationSet").inputs
    assert made["deliveryOptions"] == {"tlsPolicy": "REQUIRE"}
    assert made["suppressionOptions"] == {"suppressedReasons": ["BOUNCE", "COMPLAINT"]}


def test_a_mail_that_did_not_arrive_is_told_by_sns_and_never_reaches_the_function():
    made = alerting(MAILED)
    (target,) = [t for t in made.of("eventTarget:EventTarget") if "mail-failed" in t.name]
    assert target.inputs["arn"].endswith("alerting-mail-fallback:Topic")
    pattern = json.loads(made.one("eventRule:EventRule", "alerting-mail-sender-mail-failed").inputs["eventPattern"])
    assert set(pattern["detail-type"]) == {
        "Email Bounced", "Email Complaint Received", "Email Rejected", "Email Rendering Failed",
    }  # fmt: skip
    assert pattern["detail"]["mail"]["tags"] == MAIL_ACCOUNT
    destination = made.one("configurationSetEventDestination:ConfigurationSetEventDestination").inputs
    assert set(destination["eventDestination"]["matchingEventTypes"]) >= {"BOUNCE", "COMPLAINT", "REJECT", "DELIVERY"}
    bus = destination["eventDestination"]["eventBridgeDestination"]["eventBusArn"]
    assert bus == "arn:aws:mock:eu-central-1:111122223333:event-bus/default"


def test_only_test_mails_that_arrived_come_back():
    made = alerting(MAILED)
    pattern = json.loads(made.one("eventRule:EventRule", "alerting-mail-sender-test-delivered").inputs["eventPattern"])
    assert pattern["detail"]["mail"]["tags"] == {**MAIL_ACCOUNT, "probe": [{"exists": True}]}


def test_a_test_goes_out_daily_and_after_up_and_its_absence_is_told_by_the_second_way():
    made = alerting(MAILED)
    daily = made.one("eventRule:EventRule", "alerting-mail-daily-test").inputs
    sent = made.one("eventTarget:EventTarget", "alerting-mail-daily-test").inputs["input"]
    after_up = json.loads(made.one("lambda/invocation:Invocation").inputs["input"])
    assert (daily["scheduleExpression"], after_up["Records"][0]["body"]) == ("rate(1 day)", sent)
    heartbeat = made.one("cloudwatch/metricAlarm:MetricAlarm", "alerting-mail-fallback-heartbeat").inputs
    assert heartbeat["dimensions"] == {"RuleName": NAMES.of("alerts", "test-delivered")}
    assert heartbeat["treatMissingData"] == "breaching"
    assert heartbeat["period"] * heartbeat["evaluationPeriods"] > 86_400
    assert heartbeat["alarmActions"][0].endswith("alerting-mail-fallback:Topic")
