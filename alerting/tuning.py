"""Which rules watch a workload: the defaults, as `x-alarms` tunes them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

from alerting.rules import (
    EDGE_RULES,
    INGRESS_RULES,
    MANAGED_RULES,
    NODE_RULES,
    QUEUE_RULES,
    Alarm,
    AlarmRule,
    service_rules,
)
from foundation.names import Names
from foundation.signals import EDGE, NODES
from workload import Workload
from workload.errors import Problem
from workload.model import AlarmTuning, Service


def rules_for(
    workload: Workload, managed: Collection[str], tuned: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, tuple[AlarmRule, ...]]:
    """The rules of every subject of a stack in which the services named by `managed` are managed.

    The edge's rules are there if a service has an ingress; the `x-alarms` of such a service tunes them. Those of the
    nodes are always there. `tuned` is the
    stack's own word on a rule, `off` or a threshold, for every subject whose `x-alarms` does not speak of it.
    """
    whole = {
        rule: AlarmTuning(off=True) if how == "off" else AlarmTuning(threshold=float(how))
        for rule, how in tuned.items()
    }
    rules = {NODES: _tuned(NODE_RULES, whole)}
    ingress = [service for service in workload.services.values() if service.ingress]
    if ingress:
        own = {rule: how for service in ingress for rule, how in service.alarms.items()}
        rules[EDGE] = _tuned(EDGE_RULES, {**whole, **own})
    for name, service in workload.services.items():
        its = _managed_rules(service) if name in managed else _running_rules(service)
        # Nobody keeps a service from being called as one of those.
        rules[name] = (*_tuned(its, {**whole, **service.alarms}), *rules.get(name, ()))
    return rules


def unknown(tuned: Iterable[str]) -> list[str]:
    """What is wrong with `alerts.rules`: names of rules that there are not."""
    every = (
        *service_rules(1), *QUEUE_RULES, *INGRESS_RULES, *EDGE_RULES, *NODE_RULES, *chain(*MANAGED_RULES.values())
    )  # fmt: skip
    allowed = list(dict.fromkeys(_names(every)))
    return [
        f"alerts.rules.{name}: there is no such rule; allowed: {', '.join(allowed)}\n"
        f"    pulumi config rm --path alerts.rules.{name}"
        for name in tuned
        if name not in allowed
    ]


def problems(workload: Workload) -> list[Problem]:
    """What is wrong with the workload's `x-alarms`: unknown rules, and rules of the edge tuned in two ways."""
    found = []
    edge: dict[str, tuple[str, AlarmTuning]] = {}
    for service in workload.services.values():
        allowed = _allowed(service)
        for rule, tuning in service.alarms.items():
            where = f"services.{service.name}.x-alarms.{rule}"
            if rule not in allowed:
                hint = "; the edge's rules belong to a service with x-ingress" if rule in _names(EDGE_RULES) else ""
                message = f"{where}: there is no such rule; allowed here: {', '.join(allowed)}{hint}"
                found.append(Problem(service.container.at, message))
            elif rule in _names(EDGE_RULES):
                other, theirs = edge.setdefault(rule, (service.name, tuning))
                if theirs != tuning:
                    message = (
                        f"{where}: differs from that of services.{other}, and both share one edge; keep one of them"
                    )
                    found.append(Problem(service.container.at, message))
    return found


def alarms(rules: Mapping[str, Iterable[AlarmRule]], names: Names, place: str) -> tuple[Alarm, ...]:
    """The rules of every subject, watched in one place."""
    return tuple(
        Alarm(
            name=alarm_name(names, place, subject, rule),
            stack=names.prefix,
            place=place,
            subject=subject,
            rule=rule,
        )
        for subject, its in rules.items()
        for rule in its
    )


def alarm_name(names: Names, place: str, subject: str, rule: AlarmRule) -> str:
    """`<stack>-alarm-<place>-<subject>-<rule>`: the stack's alarms have a prefix of their own."""
    return names.of("alarm", *filter(None, (place, subject)), rule.name.replace("_", "-"), limit=255)


def _running_rules(service: Service) -> tuple[AlarmRule, ...]:
    scaling = service.scaling
    rules = service_rules(scaling.min if scaling else service.replicas)
    rules += INGRESS_RULES if service.ingress else ()
    rules += QUEUE_RULES if scaling and scaling.queue else ()
    return rules


def _managed_rules(service: Service) -> tuple[AlarmRule, ...]:
    return MANAGED_RULES[service.managed.engine] if service.managed else ()


def _allowed(service: Service) -> list[str]:
    edge = EDGE_RULES if service.ingress else ()
    return _names((*_running_rules(service), *_managed_rules(service), *edge))


def _names(rules: Iterable[AlarmRule]) -> list[str]:
    return [rule.name for rule in rules]


def _tuned(rules: Iterable[AlarmRule], tunings: Mapping[str, AlarmTuning]) -> tuple[AlarmRule, ...]:
    tuned = []
    for rule in rules:
        how = tunings.get(rule.name, AlarmTuning())
        if not how.off:
            tuned.append(rule if how.threshold is None else replace(rule, threshold=how.threshold))
    return tuple(tuned)
