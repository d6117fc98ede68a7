"""From an alarm's change on the event bus to a mail: EventBridge, a queue, a function, Amazon SES; SNS if SES fails."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from alerting.fallback import Fallback, FallbackArgs
from alerting.handler import catalogue
from alerting.rules import Alarm, Severity
from alerting.sender import Sender, SenderArgs
from alerting.statements import policy
from foundation.names import Names
from foundation.signals import EventPattern
from settings import AlertSettings

ROOT = Path(__file__).parent
TIMEOUT, VISIBILITY = 60, 180
"""Seconds: how long the function works on a batch, and after how long the rest of it comes again. By then what a killed
function had claimed is free (`journal.LEASE`).
"""
TRIES = 10
CONCURRENCY = 2
"""How many of the function run at most, so that they keep the account's rate together; SQS allows no fewer."""
BATCH = 20
KEPT_LOGS, KEPT_EVENTS = 365, 14 * 86_400
"""Logs in days; undeliverable events in seconds, the longest that SQS keeps them."""


TEST = json.dumps({"source": catalogue.TEST_SOURCE, "detail": {"name": "daily"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineArgs:
    """`settings` has a sender and recipients."""

    alarms: Sequence[Alarm]
    names: Names
    region: str
    settings: AlertSettings
    events: Sequence[EventPattern]
    tags: Mapping[str, str]


class Pipeline(pulumi.ComponentResource):
    """Mails every change of `alarms` and every event, and tests itself after `up` and daily. SNS asks each address of
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
        function = self._function(sender, fallback)
        rules = {
            pattern.name: self._rule(pattern) for pattern in (_changes(args.names), _tests(args.names), *args.events)
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
    ) -> aws.sqs.Queue:
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

    def _function(self, sender: Sender, fallback: Fallback) -> aws.lambda_.Function:
        args, name, settings = self._args, self._name, self._args.settings
        logs = aws.cloudwatch.LogGroup(
            name,
            name=args.names.log_group("alerts", "handler"),
            retention_in_days=KEPT_LOGS,
            tags=args.tags,
            opts=self._child,
        )
        role = aws.iam.Role(
            name,
            name=args.names.of("alerts", limit=64),
            assume_role_policy=policy(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
            tags=args.tags,
            opts=self._child,
        )
        rights = aws.iam.RolePolicy(
            name,
            role=role.id,
            policy=policy(
                {
                    "Sid": "WriteItsLog",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": pulumi.Output.concat(logs.arn, ":*"),
                },
                {
                    # SES asks for SendRawEmail when SendEmail carries a whole message.
                    "Sid": "MailAsTheSender",
                    "Effect": "Allow",
                    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
                    "Resource": [sender.identity_arn, sender.configuration_set.arn],
                    "Condition": {"StringEquals": {"ses:FromAddress": settings.sender}},
                },
                {
                    # It has no resource (AWS: Service Authorization Reference, Amazon SES v2).
                    "Sid": "ReadTheSendingRate",
                    "Effect": "Allow",
                    "Action": "ses:GetAccount",
                    "Resource": "*",
                },
                {
                    "Sid": "WorkOffItsQueue",
                    "Effect": "Allow",
                    "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
                    "Resource": self._queued.arn,
                },
                {
                    "Sid": "KeepItsJournal",
                    "Effect": "Allow",
                    "Action": ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
                    "Resource": self._journal.arn,
                },
                {
                    "Sid": "TellTheSecondWay",
                    "Effect": "Allow",
                    "Action": "sns:Publish",
                    "Resource": fallback.topic_arn,
                },
            ),
            opts=self._child,
        )
        function = aws.lambda_.Function(
            name,
            name=args.names.of("alerts", limit=64),
            role=role.arn,
            code=archive(args.alarms),
            handler="alerting.handler.function.handle",
            runtime="python3.13",
            architectures=["arm64"],
            memory_size=512,
            timeout=TIMEOUT,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={
                    "STACK": args.names.prefix,
                    "SENDER": settings.sender or "",
                    "RECIPIENTS": json.dumps(recipients(settings)),
                    "CONFIGURATION_SET": sender.configuration_set.configuration_set_name,
                    "JOURNAL": self._journal.name,
                    "QUEUE": self._queued.url,
                    "FALLBACK": fallback.topic_arn,
                    "CONCURRENCY": str(CONCURRENCY),
                }
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
            tags=args.tags,
            opts=self._child,
        )
        aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=self._queued.arn,
            function_name=function.arn,
            batch_size=BATCH,
            maximum_batching_window_in_seconds=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(maximum_concurrency=CONCURRENCY),
            tags=args.tags,
            # Lambda checks the right to the queue when it makes the mapping.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        return function

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

    def _test_after_up(self, function: aws.lambda_.Function, after: Sequence[pulumi.Resource]) -> None:
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


def recipients(settings: AlertSettings) -> Mapping[str, Sequence[str]]:
    """Everybody under `to`, and by severity those who are told instead."""
    own = {severity.value: getattr(settings, severity.value) for severity in Severity}
    return {"to": settings.to, **{severity: to for severity, to in own.items() if to}}


def archive(alarms: Sequence[Alarm]) -> pulumi.AssetArchive:
    """The function's code: the handler, the types that it shares, and the alarms that it will hear of."""
    shared = [ROOT / "__init__.py", ROOT / "rules.py", ROOT / "notification.py"]
    files = [*shared, *sorted((ROOT / "handler").glob("*.py"))]
    return pulumi.AssetArchive(
        {
            **{file.relative_to(ROOT.parent).as_posix(): pulumi.FileAsset(str(file)) for file in files},
            catalogue.FILE: pulumi.StringAsset(catalogue.dumps(alarms)),
        }
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
