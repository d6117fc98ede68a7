"""The Lambda function that mails, with exactly the rights that it uses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from alerting.fallback import Fallback
from alerting.handler import catalogue
from alerting.handler.catalogue import Catalogue
from alerting.rules import Severity
from alerting.sender import Sender
from foundation.iam import policy, service_trust
from foundation.names import Names
from settings import AlertSettings

ROOT = Path(__file__).parent
TIMEOUT = 60
"""Seconds for a batch."""
CONCURRENCY = 2
"""How many of the function run at most, so that they keep the account's rate together; SQS allows no fewer."""
BATCH = 20
KEPT_LOGS = 365
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionArgs:
    """The function works off `queue`, keeps `journal` and mails as `sender`, where that fails by `fallback`."""

    names: Names
    region: str
    settings: AlertSettings
    catalogue: Catalogue
    queue: "aws.sqs.Queue"
    journal: "aws.dynamodb.Table"
    changes: "aws.ssm.Parameter"
    sender: Sender
    fallback: Fallback
    tags: Mapping[str, str]


class Function(pulumi.ComponentResource):
    """The function and what calls it."""

    function: "aws.lambda_.Function"

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Function", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            name,
            name=args.names.log_group("alerts", "handler"),
            retention_in_days=KEPT_LOGS,
            tags=args.tags,
            opts=child,
        )
        role = aws.iam.Role(
            name,
            name=args.names.of("alerts", limit=64),
            assume_role_policy=policy(service_trust("lambda.amazonaws.com")),
            tags=args.tags,
            opts=child,
        )
        rights = aws.iam.RolePolicy(name, role=role.id, policy=policy(*statements(args, logs.arn)), opts=child)
        self.function = aws.lambda_.Function(
            name,
            name=args.names.of("alerts", limit=64),
            role=role.arn,
            code=archive(args.catalogue),
            handler="alerting.handler.function.handle",
            runtime="python3.13",
            architectures=["arm64"],
            memory_size=512,
            timeout=TIMEOUT,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={
                    "STACK": args.names.prefix,
                    "SENDER": args.settings.sender or "",
                    "RECIPIENTS": json.dumps(recipients(args.settings)),
                    "CONFIGURATION_SET": args.sender.configuration_set.configuration_set_name,
                    "JOURNAL": args.journal.name,
                    "QUEUE": args.queue.url,
                    "FALLBACK": args.fallback.topic_arn,
                    "CONCURRENCY": str(CONCURRENCY),
                }
            ),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
            tags=args.tags,
            opts=child,
        )
        aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=args.queue.arn,
            function_name=self.function.arn,
            batch_size=BATCH,
            maximum_batching_window_in_seconds=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(maximum_concurrency=CONCURRENCY),
            tags=args.tags,
            # Lambda checks the right to the queue when it makes the mapping.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.register_outputs({"function": self.function.arn})


def statements(args: FunctionArgs, own_log: pulumi.Output[str]) -> list[Mapping[str, object]]:
    """What the function may do. `own_log` is the ARN of its log group."""
    groups = sorted({home.log_group for home in args.catalogue.homes})
    allowed: list[Mapping[str, object]] = [
        {
            "Sid": "WriteItsLog",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": pulumi.Output.concat(own_log, ":*"),
        },
        {
            # SES asks for SendRawEmail when SendEmail carries a whole message.
            "Sid": "MailAsTheSender",
            "Action": ["ses:SendEmail", "ses:SendRawEmail"],
            "Resource": [args.sender.identity_arn, args.sender.configuration_set.arn],
            "Condition": {"StringEquals": {"ses:FromAddress": args.settings.sender}},
        },
        {
            # It has no resource (AWS: Service Authorization Reference, Amazon SES v2).
            "Sid": "ReadTheSendingQuota",
            "Action": "ses:GetAccount",
            "Resource": "*",
        },
        {
            "Sid": "WorkOffItsQueue",
            "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
            "Resource": args.queue.arn,
        },
        {
            "Sid": "KeepItsJournal",
            "Action": ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            "Resource": args.journal.arn,
        },
        {"Sid": "TellTheSecondWay", "Action": "sns:Publish", "Resource": args.fallback.topic_arn},
        {
            # It has no resource (AWS: Service Authorization Reference, Amazon CloudWatch).
            "Sid": "DrawTheMetric",
            "Action": "cloudwatch:GetMetricWidgetImage",
            "Resource": "*",
        },
        {
            # Composite alarms ask for all (AWS: CloudWatch API reference, DescribeAlarms).
            "Sid": "AskForTheCause",
            "Action": "cloudwatch:DescribeAlarms",
            "Resource": "*",
        },
        {"Sid": "ReadWhatChangedLast", "Action": "ssm:GetParameterHistory", "Resource": args.changes.arn},
        {
            "Sid": "ReadTheServicesLogs",
            "Action": ["logs:FilterLogEvents", "logs:GetLogEvents"],
            "Resource": [f"arn:*:logs:{args.region}:*:log-group:{group}:*" for group in groups],
        },
    ]
    return [{"Effect": "Allow", **each} for each in allowed if each["Resource"]]


def recipients(settings: AlertSettings) -> Mapping[str, Sequence[str]]:
    """Everybody under `to`, and by severity those who are told instead."""
    own = {severity.value: getattr(settings, severity.value) for severity in Severity}
    return {"to": settings.to, **{severity: to for severity, to in own.items() if to}}


def archive(known: Catalogue) -> pulumi.AssetArchive:
    """The function's code: the handler, the types that it shares, and what it knows of the stack."""
    shared = [ROOT / "__init__.py", ROOT / "rules.py", ROOT / "notification.py"]
    files = [*shared, *sorted((ROOT / "handler").glob("*.py"))]
    return pulumi.AssetArchive(
        {
            **{file.relative_to(ROOT.parent).as_posix(): pulumi.FileAsset(str(file)) for file in files},
            catalogue.FILE: pulumi.StringAsset(catalogue.dumps(known)),
        }
    )
