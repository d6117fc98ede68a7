"""The alarms of a stack, and the way from their changes to a mail."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from alerting import dashboard
from alerting.budget import budget
from alerting.causes import explained
from alerting.changes import parameter_name
from alerting.handler.catalogue import Catalogue, Home
from alerting.pipeline import Pipeline, PipelineArgs
from alerting.rules import Alarm, AlarmRule
from alerting.tuning import alarm_name, rules_for
from foundation.names import Names
from foundation.signals import EventPattern, Metric, Missing, Signal
from orchestrators.base import RunningService
from settings import AlertSettings
from workload import Workload

PLAIN_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
"""The others, percentiles above all, are `ExtendedStatistic` (AWS: CloudWatch API, PutMetricAlarm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingArgs:
    """`signals` and `events` are those of the edge, the data and every orchestrator."""

    workload: Workload
    names: Names
    region: str
    settings: AlertSettings
    managed: Collection[str]
    running: Mapping[str, Mapping[str, RunningService]]
    """By placement and service."""
    images: Mapping[str, pulumi.Input[str]]
    signals: Sequence[Signal]
    events: Sequence[EventPattern]
    tags: Mapping[str, str]


class Alerting(pulumi.ComponentResource):
    """One CloudWatch alarm per rule and signal. With recipients, every change of an alarm and every event becomes a
    mail; without, the alarms stand in CloudWatch and nobody is told.
    """

    alarms: Sequence[Alarm]
    without: Mapping[str, str]
    """Why there is no alarm, by `<subject>/<rule>`."""
    mail_records: pulumi.Output[list[dict[str, str]]]
    """The DNS records of the sender's domain: name, type and value."""

    def __init__(self, name: str, args: AlertingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:alerting:Alerting", name, None, opts)
        self.mail_records = pulumi.Output.from_input([])
        rules = rules_for(args.workload, args.managed, args.settings.rules)
        watched, without = watch(rules, args.names, args.signals)
        self.without = without
        made = {alarm.name: _metric_alarm(self, name, alarm, metric, args) for alarm, metric in watched}
        self.alarms, causes = explained([alarm for alarm, _ in watched], args.workload, args.names)
        for cause in causes:
            aws.cloudwatch.CompositeAlarm(
                f"{name}-{cause.name.removeprefix(args.names.prefix + '-')}",
                alarm_name=cause.name,
                alarm_description=f"Something that {cause.subject} calls is in trouble: its own alarms wait",
                alarm_rule=cause.rule,
                tags=args.tags,
                # It names alarms that have to be there.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[made[child] for child in cause.children]),
            )
        aws.cloudwatch.Dashboard(
            name,
            dashboard_name=dashboard.name(args.names),
            dashboard_body=pulumi.Output.json_dumps(dashboard.body(args.signals, rules, args.region)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.settings.budget:
            budget(
                f"{name}-budget",
                names=args.names,
                settings=args.settings,
                tags=args.tags,
                parent=self,
            )
        if args.settings.sender and args.settings.to:
            pipeline = Pipeline(
                f"{name}-mail",
                PipelineArgs(
                    catalogue=Catalogue(
                        alarms=tuple(self.alarms),
                        homes=homes(args.running),
                        runbook=args.settings.runbook or "",
                        changes=parameter_name(args.names),
                        dashboard=dashboard.url(args.names, args.region),
                    ),
                    workload=args.workload,
                    managed=args.managed,
                    images=args.images,
                    names=args.names,
                    region=args.region,
                    settings=args.settings,
                    events=args.events,
                    tags=args.tags,
                ),
                pulumi.ResourceOptions(parent=self),
            )
            self.mail_records = pipeline.records
        self.register_outputs({"alarms": [alarm.name for alarm in self.alarms], "without": without})


def watch(
    subjects: Mapping[str, Sequence[AlarmRule]], names: Names, signals: Iterable[Signal]
) -> tuple[list[tuple[Alarm, Metric]], dict[str, str]]:
    """Every alarm with its metric, and for every rule without one the reason, by `<subject>/<rule>`."""
    offered: dict[tuple[str, str], list[Signal]] = {}
    for signal in signals:
        offered.setdefault((signal.subject, signal.name), []).append(signal)
    watched: dict[str, tuple[Alarm, Metric]] = {}
    without = {}
    for subject, rules in subjects.items():
        for rule in rules:
            found = offered.get((subject, rule.signal), [])
            if not found:
                without[f"{subject}/{rule.name}"] = f"nothing in this stack measures {rule.signal} of {subject}"
            for signal in found:
                if isinstance(signal.metric, Missing):
                    without[f"{subject}/{rule.name}"] = signal.metric.reason
                else:
                    alarm = _alarm(names, rule, signal, watched)
                    watched[alarm.name] = (alarm, signal.metric)
    return list(watched.values()), without


def homes(running: Mapping[str, Mapping[str, RunningService]]) -> tuple[Home, ...]:
    return tuple(
        Home(
            place=place,
            subject=service.name,
            console_url=service.console_url,
            log_group=service.log_group,
            log_filter=service.log_filter,
        )
        for place, services in running.items()
        for service in services.values()
    )


def _alarm(names: Names, rule: AlarmRule, signal: Signal, taken: Mapping[str, object]) -> Alarm:
    """The alarm of one signal; the edge offers the same one for each placement, so its name counts up where it must."""
    subject, place = signal.subject, signal.place
    name, count = alarm_name(names, place, subject, rule), 1
    while name in taken:
        count += 1
        name = alarm_name(names, place, f"{subject}-{count}", rule)
    return Alarm(name=name, stack=names.prefix, place=place, subject=subject, rule=rule)


def _metric_alarm(
    parent: Alerting, name: str, alarm: Alarm, metric: Metric, args: AlertingArgs
) -> aws.cloudwatch.MetricAlarm:
    rule = alarm.rule
    plain = metric.statistic in PLAIN_STATISTICS
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{alarm.name.removeprefix(args.names.prefix + '-alarm-')}",
        name=alarm.name,
        alarm_description=f"{alarm.subject}: {rule.summary} ({rule.severity})",
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions=metric.dimensions,
        statistic=metric.statistic if plain else None,
        extended_statistic=None if plain else metric.statistic,
        comparison_operator=rule.comparison.value,
        threshold=rule.threshold,
        period=rule.period,
        evaluation_periods=rule.evaluate,
        datapoints_to_alarm=rule.datapoints,
        treat_missing_data=rule.missing_data.value,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
