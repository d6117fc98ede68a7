"""The second way out: Amazon SNS, which needs nothing of Amazon SES."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from foundation.iam import policy
from foundation.names import Names

SUBJECT = "$.detail.mail.commonHeaders.subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackArgs:
    """`undelivered` is the name of the dead-letter queue, `delivered` that of the rule for test mails that arrived;
    `failed` is the rule for mails that did not.
    """

    names: Names
    recipients: Sequence[str]
    undelivered: pulumi.Input[str]
    delivered: pulumi.Input[str]
    failed: aws.cloudwatch.EventRule
    tags: Mapping[str, str]


class Fallback(pulumi.ComponentResource):
    """A topic that mails `recipients` (SNS asks each to confirm once), told of lost events, of test mails that
    do not arrive, and of mails that bounce: never by mail through SES, which would go round in a loop.
    """

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: FallbackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Fallback", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(
            name, name=args.names.of("alerts", "fallback", limit=256), display_name="Alarms", tags=args.tags, opts=child
        )
        self.topic_arn = topic.arn
        for recipient in args.recipients:
            aws.sns.TopicSubscription(
                f"{name}-{recipient}", topic=topic.arn, protocol="email", endpoint=recipient, opts=child
            )
        undelivered = self._alarm(
            name,
            "undelivered",
            args,
            description="Alarms reached nobody; `switchyard alerts replay` sends them again",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": args.undelivered},
            statistic="Maximum",
            comparison_operator="GreaterThanOrEqualToThreshold",
            period=60,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
        )
        heartbeat = self._alarm(
            name,
            "heartbeat",
            args,
            description="The daily test mail did not arrive: alarms may reach nobody by mail (docs/alerts.md)",
            namespace="AWS/Events",
            metric_name="Invocations",
            dimensions={"RuleName": args.delivered},
            statistic="Sum",
            comparison_operator="LessThanThreshold",
            period=3600,
            evaluation_periods=26,
            treat_missing_data="breaching",
        )
        aws.cloudwatch.EventTarget(
            f"{name}-mail-failed",
            rule=args.failed.name,
            arn=topic.arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths={"type": "$.detail-type", "to": "$.detail.mail.destination", "subject": SUBJECT},
                input_template='"<type>: an alarm mail to <to> did not arrive. Its subject: <subject>"',
            ),
            opts=child,
        )
        aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=policy(
                {
                    "Sid": "TellOfTheAlarms",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": [undelivered.arn, heartbeat.arn]}},
                },
                {
                    "Sid": "TellOfMailsThatFailed",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": args.failed.arn}},
                },
            ),
            opts=child,
        )
        self.register_outputs({"topic_arn": self.topic_arn})

    def _alarm(
        self,
        name: str,
        kind: str,
        args: FallbackArgs,
        *,
        description: str,
        namespace: str,
        metric_name: str,
        dimensions: Mapping[str, pulumi.Input[str]],
        statistic: str,
        comparison_operator: str,
        period: int,
        evaluation_periods: int,
        treat_missing_data: str,
    ) -> aws.cloudwatch.MetricAlarm:
        """Whether every period of the range is on the wrong side of 1.

        Not one of the stack's alarms by its name: the function that cannot tell must not be asked to tell this.
        """
        return aws.cloudwatch.MetricAlarm(
            f"{name}-{kind}",
            name=args.names.of("alerts", kind, limit=255),
            alarm_description=description,
            namespace=namespace,
            metric_name=metric_name,
            dimensions=dimensions,
            statistic=statistic,
            comparison_operator=comparison_operator,
            threshold=1,
            period=period,
            evaluation_periods=evaluation_periods,
            datapoints_to_alarm=evaluation_periods,
            treat_missing_data=treat_missing_data,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
