"""A Helm chart in the cluster, whose pods run the stack's own copies of its images where there are some."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from orchestrators.base import OrchestratorArgs
from orchestrators.eks.charts import Chart


def release(
    name: str,
    chart: Chart,
    args: OrchestratorArgs,
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    skip_await: bool = False,
) -> Release:
    """`values` are the chart's own, beside those that name images."""
    packed = chart.repository.startswith("oci://")
    return Release(
        f"{name}-{chart.name}",
        name=chart.name,
        chart=f"{chart.repository}/{chart.name}" if packed else chart.name,
        version=chart.version,
        namespace=chart.namespace,
        create_namespace=True,
        repository_opts=None if packed else {"repo": chart.repository},
        values=_merged(values, _images(chart, args.copies)),
        skip_await=skip_await,
        opts=opts,
    )


def _images(chart: Chart, copies: Mapping[str, pulumi.Input[str]]) -> dict[str, Any]:
    """By digest, as copies are named so."""
    values: dict[str, Any] = {}
    for path, image in chart.images.items() if copies else ():
        value: Any = pulumi.Output.from_input(copies[image]).apply(chart.says)
        for part in reversed(path.split(".")):
            value = {part: value}
        values = _merged(values, value)
    return values


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **both}
