"""The application as described by `compose.yaml`: frozen types and the reader that gives them.

Nothing here imports pulumi or boto3; every other room takes a `Workload` and asks nothing of YAML.
"""

from workload.model import Workload
from workload.reader import read

__all__ = ["Workload", "read"]
