"""The arguments of `aws.cloudwatch.MetricAlarm`."""

from typing import Any

import pulumi_aws as aws

from orchestrators.documents import Document, bind
from orchestrators.ecs.references import Values


def alarm_arguments(document: Document, values: Values) -> dict[str, Any]:
    known = bind(document, values)
    arguments: dict[str, Any] = {
        "name": known["AlarmName"],
        "alarm_description": known["AlarmDescription"],
        "comparison_operator": known["ComparisonOperator"],
        "treat_missing_data": known["TreatMissingData"],
        "actions_enabled": known["ActionsEnabled"],
        "threshold": known["Threshold"],
        "evaluation_periods": known["EvaluationPeriods"],
        "datapoints_to_alarm": known["DatapointsToAlarm"],
    }
    if "Metrics" in known:
        return {**arguments, "metric_queries": [_metric_query(query) for query in known["Metrics"]]}
    return {
        **arguments,
        "namespace": known["Namespace"],
        "metric_name": known["MetricName"],
        "dimensions": {item["Name"]: item["Value"] for item in known["Dimensions"]},
        "statistic": known["Statistic"],
        "period": known["Period"],
    }


def _metric_query(query: Document) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    stat = query.get("MetricStat")
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query["Id"],
        expression=query.get("Expression"),
        return_data=query["ReturnData"],
        metric=stat
        and aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=stat["Metric"]["Namespace"],
            metric_name=stat["Metric"]["MetricName"],
            dimensions={item["Name"]: item["Value"] for item in stat["Metric"]["Dimensions"]},
            period=stat["Period"],
            stat=stat["Stat"],
        ),
    )
