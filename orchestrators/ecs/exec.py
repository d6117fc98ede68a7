"""ECS Exec: what a service needs so that people can run commands in its containers, while the stack says so."""

import pulumi
import pulumi_aws as aws

from orchestrators.documents import Document, canonical

SHOUT = (
    "EXEC IS ON: whoever may call ecs:ExecuteCommand gets a shell in every service, and their root filesystems are "
    "writable, as its agent writes there. Take it back: pulumi config set --path ecs.exec false"
)


def opened(document: Document) -> Document:
    """The task definition with root filesystems that the agent can write to (AWS: Amazon ECS Exec, considerations)."""
    containers = [{**each, "readonlyRootFilesystem": False} for each in document["containerDefinitions"]]
    return {**document, "containerDefinitions": containers}


def channels() -> Document:
    """What the agent in the task calls; AWS knows no resources for it (AWS: actions of Session Manager messages)."""
    actions = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Sessions",
                "Effect": "Allow",
                "Action": [f"ssmmessages:{action}" for action in actions],
                "Resource": ["*"],
            }
        ],
    }


def grant(name: str, role: aws.iam.Role, *, parent: pulumi.Resource) -> aws.iam.RolePolicy:
    """The right to be reached, for the role that the containers are."""
    opts = pulumi.ResourceOptions(parent=parent)
    return aws.iam.RolePolicy(name, name="exec", role=role.name, policy=canonical(channels()), opts=opts)
