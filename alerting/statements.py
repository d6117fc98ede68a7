"""IAM and resource policies as JSON."""

from collections.abc import Mapping

import pulumi


def policy(*statements: Mapping[str, object]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
