"""Who may take a role: one AWS service, and only for what is the stack's."""

from orchestrators.documents import Document


def trust(service: str, account: str, source: str) -> Document:
    """A role's trust in `service` on behalf of resources like the ARN `source` of the account (AWS: IAM user guide, the
    confused deputy problem).
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}},
            }
        ],
    }
