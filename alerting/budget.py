"""What a stack may cost in a month. AWS Budgets mails by itself, so that this needs nothing of what it watches."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.names import Names
from settings import AlertSettings

LIMITS = (("ACTUAL", 80.0), ("ACTUAL", 100.0), ("FORECASTED", 100.0))
"""Kind of sum and percentage of the budget at which people are told."""
MOST = 10
"""Recipients of one notification (AWS: Billing and Cost Management API, Subscriber)."""


def budget(
    name: str, *, names: Names, settings: AlertSettings, tags: Mapping[str, str], parent: pulumi.Resource
) -> None:
    """The budget of what carries the stack's tags; AWS counts them once they are activated as cost allocation tags."""
    readers = list(settings.notify or settings.to)[:MOST]
    aws.budgets.Budget(
        name,
        name=names.of("budget", limit=100),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(settings.budget),
        limit_unit="USD",
        filter_expression=aws.budgets.BudgetFilterExpressionArgs(
            ands=[
                aws.budgets.BudgetFilterExpressionAndArgs(
                    tags=aws.budgets.BudgetFilterExpressionAndTagsArgs(
                        key=key, values=[value], match_options=["EQUALS"]
                    )
                )
                for key, value in (("project", names.project), ("stack", names.stack))
            ]
        ),
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_email_addresses=readers,
            )
            for kind, percent in LIMITS
        ],
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
