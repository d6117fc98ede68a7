"""Every rule."""

from policy import containers, data, network, permissions

RULES = (*network.RULES, *data.RULES, *containers.RULES, *permissions.RULES)
