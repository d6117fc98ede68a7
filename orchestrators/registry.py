"""Which class provisions which placement. Importing it imports no provider; asking for a class does."""

from importlib import import_module

from settings import Compute, Orchestrator

_CLASSES = {
    Orchestrator.ECS: ("orchestrators.ecs", "Ecs", (Compute.FARGATE,)),
    Orchestrator.EKS: ("orchestrators.eks", "Eks", (Compute.FARGATE, Compute.EC2)),
}
