"""From an alarm's change on the event bus to a mail: EventBridge, a queue, a function, Amazon SES; SNS if SES fails."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from alerting.changes import parameter
from alerting.fallback import Fallback, FallbackArgs
from alerting.function import Function, FunctionArgs
from alerting.handler import catalogue
from alerting.handler.catalogue import Catalogue
from alerting.handler.redelivery import TRIES, VISIBILITY
from alerting.sender import Sender, SenderArgs
from foundation.iam import policy
from foundation.names import Names
from foundation.signals import EventPattern
from settings import AlertSettings
from workload import Workload

KEPT_EVENTS = 14 * 86_400
"""Seconds that undeliverable events are kept, the longest that SQS keeps any."""
HEALTH = EventPattern(
    name="health",
    pattern={
        "source": ["aws.health"],
        "detail": {"service": ["EC2", "ECS", "EKS", "ELASTICACHE", "ELASTICLOADBALANCING", "RDS", "SES"]},
    },
)
"""What AWS reports of the services that a stack stands on, in its account and Region."""
TEST = json.dumps({"source": catalogue.TEST_SOURCE, "detail": {"name": "daily"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineArgs:
    """`settings` has a sender and recipients. `images` are references by service."""

    catalogue: Catalogue
    workload: Workload
    managed: Collection[str]
    images: Mapping[str, pulumi.Input[str]]
    names: Names
    region: str
    settings: AlertSettings
    events: Sequence[EventPattern]
    tags: Mapping[str, str]


class Pipeline(pulumi.ComponentResource):
    """Mails every change of the alarms and every event, and tests itself after `up` and daily. SNS asks each address of
    the second way to confirm. The sender's domain needs `records` in its DNS.

    An event that could not be told waits in the dead-letter queue, of which the second way tells.
    """

    records: pulumi.Output[list[dict[str, str]]]

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Pipeline", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._undelivered = self._queue("undelivered", kept=KEPT_EVENTS)
        self._queued = self._queue(
            "queue",
            visibility=VISIBILITY,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self._undelivered.arn, "maxReceiveCount": TRIES}
            ),
        )
        self._journal = aws.dynamodb.Table(
            f"{name}-journal",
            name=args.names.of("alerts", "journal", limit=255),
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
            ttl=aws.dynamodb.TableTtlArgs(attribute_name="expires", enabled=True),
            tags=args.tags,
            opts=self._child,
        )
        sender = Sender(
            f"{name}-sender",
            SenderArgs(names=args.names, settings=args.settings, region=args.region, tags=args.tags),
            self._child,
        )
        self.records = sender.records
        fallback = Fallback(
            f"{name}-fallback",
            FallbackArgs(
                names=args.names,
                recipients=args.settings.fallback or args.settings.to,
                undelivered=self._undelivered.name,
                delivered=sender.delivered.name,
                failed=sender.failed,
                tags=args.tags,
            ),
            self._child,
        )
        changes = parameter(
            f"{name}-changes",
            names=args.names,
            workload=args.workload,
            managed=args.managed,
            images=args.images,
            tags=args.tags,
            parent=self,
        )
        function = Function(
            name,
            FunctionArgs(
                names=args.names,
                region=args.region,
                settings=args.settings,
                catalogue=args.catalogue,
                queue=self._queued,
                journal=self._journal,
                changes=changes,
                sender=sender,
                fallback=fallback,
                tags=args.tags,
            ),
            self._child,
        ).function
        rules = {
            pattern.name: self._rule(pattern)
            for pattern in (_changes(args.names), _tests(args.names), HEALTH, *args.events)
        }
        rules |= {"daily-test": self._daily(), "test-delivered": sender.delivered}
        targets = [self._target(kind, rule) for kind, rule in rules.items()]
        for kind, queue in (("queue", self._queued), ("undelivered", self._undelivered)):
            aws.sqs.QueuePolicy(
                f"{name}-{kind}",
                queue_url=queue.id,
                policy=policy(
                    {
                        "Sid": "TakeWhatTheRulesSend",
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                        "Condition": {"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules.values()]}},
                    }
                ),
                opts=self._child,
            )
        self._test_after_up(function, targets)
        self.register_outputs({"undelivered": self._undelivered.url})

    def _queue(
        self,
        kind: str,
        *,
        kept: int | None = None,
        visibility: int | None = None,
        redrive_policy: pulumi.Input[str] | None = None,
    ) -> "aws.sqs.Queue":
        return aws.sqs.Queue(
            f"{self._name}-{kind}",
            name=self._args.names.of("alerts", kind, limit=80),
            message_retention_seconds=kept,
            visibility_timeout_seconds=visibility,
            redrive_policy=redrive_policy,
            sqs_managed_sse_enabled=True,
            tags=self._args.tags,
            opts=self._child,
        )

    def _rule(self, pattern: EventPattern) -> aws.cloudwatch.EventRule:
        name = f"{self._name}-{pattern.name}"
        return aws.cloudwatch.EventRule(
            name,
            name=self._args.names.of("alerts", pattern.name, limit=64),
            event_pattern=pulumi.Output.json_dumps(pattern.pattern),
            tags=self._args.tags,
            opts=self._child,
        )

    def _daily(self) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            f"{self._name}-daily-test",
            name=self._args.names.of("alerts", "daily-test", limit=64),
            schedule_expression="rate(1 day)",
            tags=self._args.tags,
            opts=self._child,
        )

    def _target(self, kind: str, rule: aws.cloudwatch.EventRule) -> aws.cloudwatch.EventTarget:
        return aws.cloudwatch.EventTarget(
            f"{self._name}-{kind}",
            rule=rule.name,
            arn=self._queued.arn,
            input=TEST if kind == "daily-test" else None,
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=self._undelivered.arn),
            opts=self._child,
        )

    def _test_after_up(self, function: "aws.lambda_.Function", after: Sequence[pulumi.Resource]) -> None:
        """A test mail whenever the function has changed. It never fails `up`: SES may not have verified the sender yet.
        Whether the mail arrives is what the heartbeat alarm watches.
        """
        aws.lambda_.Invocation(
            f"{self._name}-test-after-up",
            function_name=function.name,
            input=json.dumps({"Records": [{"messageId": "up", "body": TEST}]}),
            triggers={"function": function.last_modified},
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )


def _tests(names: Names) -> EventPattern:
    """What `switchyard alerts test` sends."""
    return EventPattern(name="tests", pattern={"source": [catalogue.TEST_SOURCE], "detail": {"stack": [names.prefix]}})


def _changes(names: Names) -> EventPattern:
    """The beginning and the end of every incident of the stack's alarms; not that a new alarm is OK."""
    return EventPattern(
        name="alarm-changes",
        pattern={
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": {
                "alarmName": [{"prefix": f"{names.prefix}-alarm-"}],
                "$or": [
                    {"state": {"value": ["ALARM"]}},
                    {"state": {"value": ["OK"]}, "previousState": {"value": ["ALARM"]}},
                ],
            },
        },
    )
