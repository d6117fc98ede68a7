"""The arguments of `aws.appautoscaling.Target`, `Policy` and `ScheduledAction`."""

from typing import Any

from orchestrators.documents import Document, bind
from orchestrators.ecs.references import Values
from orchestrators.ecs.scaling import ScalingDocuments


def target_arguments(documents: ScalingDocuments) -> dict[str, Any]:
    """The arguments of `aws.appautoscaling.Target`."""
    target = documents.target
    return {**_subject(target), "min_capacity": target["MinCapacity"], "max_capacity": target["MaxCapacity"]}


def policy_arguments(document: Document, values: Values) -> dict[str, Any]:
    """The arguments of `aws.appautoscaling.Policy`."""
    known = bind(document, values)
    tracking = known["TargetTrackingScalingPolicyConfiguration"]
    configuration = {
        "target_value": tracking["TargetValue"],
        "scale_in_cooldown": tracking["ScaleInCooldown"],
        "scale_out_cooldown": tracking["ScaleOutCooldown"],
        "disable_scale_in": tracking["DisableScaleIn"],
    }
    if "PredefinedMetricSpecification" in tracking:
        predefined = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
        configuration["predefined_metric_specification"] = {"predefined_metric_type": predefined}
    else:
        configuration["customized_metric_specification"] = _customized(tracking["CustomizedMetricSpecification"])
    return {
        "name": known["PolicyName"],
        "policy_type": known["PolicyType"],
        **_subject(known),
        "target_tracking_scaling_policy_configuration": configuration,
    }


def action_arguments(document: Document) -> dict[str, Any]:
    """The arguments of `aws.appautoscaling.ScheduledAction`."""
    action = document["ScalableTargetAction"]
    return {
        "name": document["ScheduledActionName"],
        **_subject(document),
        "schedule": document["Schedule"],
        "timezone": document["Timezone"],
        "scalable_target_action": {"min_capacity": action["MinCapacity"], "max_capacity": action["MaxCapacity"]},
    }


def _subject(document: Document) -> dict[str, Any]:
    return {
        "service_namespace": document["ServiceNamespace"],
        "resource_id": document["ResourceId"],
        "scalable_dimension": document["ScalableDimension"],
    }


def _customized(specification: Document) -> dict[str, Any]:
    if "Metrics" in specification:
        return {"metrics": [_query(query) for query in specification["Metrics"]]}
    return {
        "namespace": specification["Namespace"],
        "metric_name": specification["MetricName"],
        "statistic": specification["Statistic"],
        "dimensions": _dimensions(specification["Dimensions"]),
    }


def _query(query: Document) -> dict[str, Any]:
    shown = {"id": query["Id"], "return_data": query["ReturnData"]}
    if "Expression" in query:
        return {**shown, "expression": query["Expression"]}
    metric = query["MetricStat"]["Metric"]
    return {
        **shown,
        "metric_stat": {
            "stat": query["MetricStat"]["Stat"],
            "metric": {
                "namespace": metric["Namespace"],
                "metric_name": metric["MetricName"],
                "dimensions": _dimensions(metric["Dimensions"]),
            },
        },
    }


def _dimensions(dimensions: list[Document]) -> list[dict[str, Any]]:
    return [{"name": item["Name"], "value": item["Value"]} for item in dimensions]
