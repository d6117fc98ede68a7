"""From an alarm's change on the event bus to a mail: EventBridge, a function, Amazon SES."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from alerting.handler import catalogue
from alerting.rules import Alarm
from foundation.names import Names
from foundation.signals import EventPattern

ROOT = Path(__file__).parent
TIMEOUT = 60
"""Seconds; SES is asked up to four times, each of at most 8 s."""
KEPT_LOGS, KEPT_EVENTS = 365, 14 * 86_400
"""Logs in days; undeliverable events in seconds, the longest that SQS keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineArgs:
    alarms: Sequence[Alarm]
    names: Names
    sender: str
    recipients: Sequence[str]
    events: Sequence[EventPattern]
    tags: Mapping[str, str]


class Pipeline(pulumi.ComponentResource):
    """Mails `recipients` every change of `alarms` and every event. SES asks `sender` once to confirm the address.

    An event that could not be delivered or mailed waits in the dead-letter queue.
    """

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Pipeline", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._undelivered = aws.sqs.Queue(
            f"{name}-undelivered",
            name=args.names.of("alerts", "undelivered", limit=80),
            message_retention_seconds=KEPT_EVENTS,
            sqs_managed_sse_enabled=True,
            tags=args.tags,
            opts=self._child,
        )
        function = self._function()
        rules = [self._rule(pattern, function) for pattern in (_changes(args.names), *args.events)]
        aws.sqs.QueuePolicy(
            f"{name}-undelivered",
            queue_url=self._undelivered.id,
            policy=_policy(
                {
                    "Sid": "KeepWhatEventBridgeCannotDeliver",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self._undelivered.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules]}},
                }
            ),
            opts=self._child,
        )
        self.register_outputs({"undelivered": self._undelivered.url})

    def _function(self) -> aws.lambda_.Function:
        args, name = self._args, self._name
        identity = aws.sesv2.EmailIdentity(
            f"{name}-sender", email_identity=args.sender, tags=args.tags, opts=self._child
        )
        configuration_set = aws.sesv2.ConfigurationSet(
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
            assume_role_policy=_policy(
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
            tags=args.tags,
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            name,
            role=role.id,
            policy=_policy(
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
                    "Resource": [identity.arn, configuration_set.arn],
                    "Condition": {"StringEquals": {"ses:FromAddress": args.sender}},
                },
                {
                    "Sid": "KeepWhatItCannotMail",
                    "Effect": "Allow",
                    "Action": "sqs:SendMessage",
                    "Resource": self._undelivered.arn,
                },
            ),
            opts=self._child,
        )
        return aws.lambda_.Function(
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
                    "SENDER": args.sender,
                    "RECIPIENTS": json.dumps(list(args.recipients)),
                    "CONFIGURATION_SET": configuration_set.configuration_set_name,
                }
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
            dead_letter_config=aws.lambda_.FunctionDeadLetterConfigArgs(target_arn=self._undelivered.arn),
            tags=args.tags,
            # Lambda checks the right to the queue when it makes the function.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

    def _rule(self, pattern: EventPattern, function: aws.lambda_.Function) -> aws.cloudwatch.EventRule:
        name = f"{self._name}-{pattern.name}"
        rule = aws.cloudwatch.EventRule(
            name,
            name=self._args.names.of("alerts", pattern.name, limit=64),
            event_pattern=pulumi.Output.json_dumps(pattern.pattern),
            tags=self._args.tags,
            opts=self._child,
        )
        permission = aws.lambda_.Permission(
            name,
            function=function.name,
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=self._child,
        )
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            arn=function.arn,
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=self._undelivered.arn),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        return rule


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


def _policy(*statements: Mapping[str, object]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
