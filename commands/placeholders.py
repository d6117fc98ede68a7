"""What stands in rendered files for a value that only the cloud knows: its right form, with REPLACE_ in it."""

import re

from workload.text import Ref

_FORMS = (
    (r"role\..+", "arn:aws:iam::123456789012:role/{}"),
    (r"secret\.[^.]+", "arn:aws:secretsmanager:us-east-1:123456789012:secret:{}"),
    (r"target_group\..+", "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/0123456789abcdef"),
    (r"security_group\..+", "sg-{}"),
    (r"subnet\..+", "subnet-{}"),
)


def placeholder(ref: Ref) -> str:
    """The reference's own default if it has one, else such as `REPLACE_DB_HOST`."""
    if ref.default is not None and "." in ref.path and not ref.path.endswith((".host", ".port", ".scheme", ".sslmode")):
        return ref.default
    name = "REPLACE_" + re.sub(r"[^A-Z0-9]+", "_", ref.path.upper())
    return next((form.format(name) for path, form in _FORMS if re.fullmatch(path, ref.path)), name)
