"""Amazon SES as a good sender: identity, DNS records, configuration set, and the word on what became of each mail."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.names import Names
from settings import AlertSettings

EVENTS = ("BOUNCE", "COMPLAINT", "DELIVERY", "REJECT", "RENDERING_FAILURE")
FAILURES = ("Email Bounced", "Email Complaint Received", "Email Rejected", "Email Rendering Failed")
"""Kinds of events (AWS: Amazon EventBridge events reference, Amazon SES)."""
TTL = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderArgs:
    """`settings` has a sender."""

    names: Names
    settings: AlertSettings
    region: str
    tags: Mapping[str, str]


class Sender(pulumi.ComponentResource):
    """The right to send, and two rules on the default event bus: `failed` for mails that did not arrive, `delivered`
    for test mails that did.

    A domain's identity needs `records` in its DNS; with a zone they are created there.
    """

    identity_arn: pulumi.Output[str]
    configuration_set: "aws.sesv2.ConfigurationSet"
    failed: aws.cloudwatch.EventRule
    delivered: aws.cloudwatch.EventRule
    records: pulumi.Output[list[dict[str, str]]]

    def __init__(self, name: str, args: SenderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Sender", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.configuration_set = aws.sesv2.ConfigurationSet(
            name,
            configuration_set_name=args.names.of("alerts", limit=64),
            delivery_options=aws.sesv2.ConfigurationSetDeliveryOptionsArgs(tls_policy="REQUIRE"),
            reputation_options=aws.sesv2.ConfigurationSetReputationOptionsArgs(reputation_metrics_enabled=True),
            suppression_options=aws.sesv2.ConfigurationSetSuppressionOptionsArgs(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
            tags=args.tags,
            opts=self._child,
        )
        sender = args.settings.sender or ""
        domain = sender.rpartition("@")[2] if args.settings.identity == "domain" else ""
        identity = aws.sesv2.EmailIdentity(name, email_identity=domain or sender, tags=args.tags, opts=self._child)
        self.identity_arn = identity.arn
        self.records = pulumi.Output.from_input([])
        if domain:
            self._authenticate(domain, identity)
        # SES says more than is wanted here: that of other configuration sets, and that every alarm mail arrived.
        mine = {"ses:configuration-set": [self.configuration_set.configuration_set_name]}
        failures = {"source": ["aws.ses"], "detail-type": list(FAILURES), "detail": {"mail": {"tags": mine}}}
        probes = {"ses:configuration-set": mine["ses:configuration-set"], "probe": [{"exists": True}]}
        tests = {"source": ["aws.ses"], "detail-type": ["Email Delivered"], "detail": {"mail": {"tags": probes}}}
        self.failed = self._rule("mail-failed", failures)
        self.delivered = self._rule("test-delivered", tests)
        aws.sesv2.ConfigurationSetEventDestination(
            name,
            configuration_set_name=self.configuration_set.configuration_set_name,
            event_destination_name="events",
            event_destination=aws.sesv2.ConfigurationSetEventDestinationEventDestinationArgs(
                enabled=True,
                matching_event_types=list(EVENTS),
                event_bridge_destination=aws.sesv2.ConfigurationSetEventDestinationEventDestinationEventBridgeDestinationArgs(
                    # SES takes the default bus alone, which is where the rules are.
                    event_bus_arn=self.failed.arn.apply(
                        lambda arn: ":".join([*arn.split(":")[:5], "event-bus/default"])
                    )
                ),
            ),
            opts=self._child,
        )
        self.register_outputs({"records": self.records})

    def _rule(self, kind: str, pattern: Mapping[str, object]) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            f"{self._name}-{kind}",
            name=self._args.names.of("alerts", kind, limit=64),
            event_pattern=pulumi.Output.json_dumps(pattern),
            tags=self._args.tags,
            opts=self._child,
        )

    def _authenticate(self, domain: str, identity: "aws.sesv2.EmailIdentity") -> None:
        """DKIM, a MAIL FROM domain with SPF, and DMARC, as DNS records (AWS: Amazon SES developer guide,
        "Authenticating your email").
        """
        bounces = f"bounces.{domain}"
        aws.sesv2.EmailIdentityMailFromAttributes(
            self._name,
            email_identity=identity.email_identity,
            mail_from_domain=bounces,
            # Until the records are there mail goes out all the same, from a domain of Amazon's.
            behavior_on_mx_failure="USE_DEFAULT_VALUE",
            opts=self._child,
        )
        tokens = identity.dkim_signing_attributes.tokens
        records: dict[str, tuple[pulumi.Input[str], str, pulumi.Input[str]]] = {
            f"dkim-{number}": (
                pulumi.Output.concat(tokens[number], "._domainkey.", domain),
                "CNAME",
                pulumi.Output.concat(tokens[number], ".dkim.amazonses.com"),
            )
            for number in range(3)
        }
        records["mail-from"] = (bounces, "MX", f"10 feedback-smtp.{self._args.region}.amazonses.com")
        records["spf"] = (bounces, "TXT", "v=spf1 include:amazonses.com ~all")
        if self._args.settings.dmarc:
            records["dmarc"] = (f"_dmarc.{domain}", "TXT", "v=DMARC1; p=quarantine")
        if self._args.settings.zone:
            for key, (where, kind, value) in records.items():
                aws.route53.Record(
                    f"{self._name}-{key}",
                    zone_id=self._args.settings.zone,
                    name=where,
                    type=kind,
                    ttl=TTL,
                    records=[value],
                    opts=self._child,
                )
        self.records = pulumi.Output.all(
            *(pulumi.Output.all(name=where, type=kind, value=value) for where, kind, value in records.values())
        )
