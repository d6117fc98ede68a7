"""The second way out: Amazon SNS, which needs nothing of Amazon SES."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from alerting.statements import policy
from foundation.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackArgs:
    """`undelivered` is the name of the dead-letter queue."""

    names: Names
    recipients: Sequence[str]
    undelivered: pulumi.Input[str]
    tags: Mapping[str, str]


class Fallback(pulumi.ComponentResource):
    """A topic that mails `recipients` (SNS asks each to confirm once), and the alarm that tells it of lost events."""

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
        undelivered = aws.cloudwatch.MetricAlarm(
            f"{name}-undelivered",
            # Not one of the stack's alarms by its name: the function that cannot tell must not be asked to tell this.
            name=args.names.of("alerts", "undelivered", limit=255),
            alarm_description="Alarms reached nobody; `switchyard alerts replay` sends them again",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": args.undelivered},
            statistic="Maximum",
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            period=60,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            tags=args.tags,
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
                    "Condition": {"ArnEquals": {"aws:SourceArn": undelivered.arn}},
                }
            ),
            opts=child,
        )
        self.register_outputs({"topic_arn": self.topic_arn})
