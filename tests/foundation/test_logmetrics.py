"""Metrics of log lines: filters that CloudWatch Logs accepts, and that find the lines that the sample writes."""

import json
import logging
import sys
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import validate_parameters

from foundation.logmetrics import Lines, log_metrics
from foundation.names import Names
from workload.model import Container, Position, QueueTarget, Scaling, Service

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from portal.logs import JsonFormatter

NAMES = Names("portal", "dev")
WORKER = Container(name="worker", at=Position("compose.yaml", 1, 1))
QUEUE = Scaling(min=1, max=5, queue=QueueTarget(name='the "mails"', per_task=10))


def made(scaling=None):
    return log_metrics(Service(container=WORKER, scaling=scaling), NAMES, "ecs-fargate")


@pytest.mark.parametrize("metric", made(QUEUE), ids=lambda metric: metric.signal.name)
def test_cloudwatch_logs_accepts_every_filter(metric):
    shape = botocore.session.get_session().get_service_model("logs").operation_model("PutMetricFilter").input_shape
    validate_parameters(metric.document, shape)
    assert metric.document["logGroupName"] == "/portal/dev/ecs-fargate/worker"


@pytest.mark.parametrize("metric", made(QUEUE), ids=lambda metric: metric.signal.name)
def test_the_signal_is_the_metric_that_the_filter_makes(metric):
    (transformation,) = metric.document["metricTransformations"]
    told = metric.signal.metric
    assert (told.namespace, told.name, told.unit) == tuple(
        transformation[key] for key in ("metricNamespace", "metricName", "unit")
    )
    assert (metric.signal.subject, metric.signal.place) == ("worker", "ecs-fargate")


def test_only_a_service_that_scales_by_a_queue_tells_of_one():
    assert [metric.signal.name for metric in made()] == ["error_lines"]
    assert [metric.signal.name for metric in made(QUEUE)] == ["error_lines", "queue_depth", "queue_age"]


def test_the_name_of_the_queue_is_quoted_in_the_pattern():
    depth = made(QUEUE)[1]
    assert depth.document["filterPattern"] == r'{ ($.queue = "the \"mails\"") && ($.queue_depth = *) }'


@pytest.mark.parametrize("level", [logging.ERROR, logging.CRITICAL])
def test_a_line_of_the_sample_with_an_error_has_a_level_that_counts(level):
    record = logging.LogRecord("portal", level, "", 0, "it broke", None, None)
    said = json.loads(JsonFormatter("worker").format(record))["level"]
    assert f'($.level = "{said}")' in made()[0].document["filterPattern"]


def test_lines_among_those_of_others_are_picked_and_read_where_they_stand():
    lines = Lines(group="/pods", where='($.container = "worker")', json="$.said")
    errors, depth, _ = log_metrics(Service(container=WORKER, scaling=QUEUE), NAMES, "eks-ec2", lines)
    assert errors.document["logGroupName"] == "/pods"
    assert errors.document["filterPattern"].startswith('{ ($.container = "worker") && (($.said.level = "error") || (')
    assert (
        depth.document["filterPattern"]
        == r"""{ ($.container = "worker") && (($.said.queue = "the \"mails\"") && ($.said.queue_depth = *)) }"""
    )
    assert depth.document["metricTransformations"][0]["metricValue"] == "$.said.queue_depth"


def test_two_placements_and_two_stacks_have_metrics_of_their_own():
    service = Service(container=WORKER)
    found = {
        (metric.signal.metric.namespace, metric.signal.metric.name)
        for stack in ("dev", "prod")
        for place in ("ecs-fargate", "ecs-ec2")
        for metric in log_metrics(service, Names("portal", stack), place)
    }
    assert len(found) == 4
