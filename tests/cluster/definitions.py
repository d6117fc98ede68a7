"""The shape of the custom resources that the manifests use: each field that their published definitions have beside
ours, so that a wrong name, type or value is refused. `!` marks a field that has to be there, a set the values allowed.

AWS Load Balancer Controller and Amazon EKS Auto Mode (TargetGroupBinding, NodeClass), Karpenter (NodePool), External
Secrets (SecretStore, ExternalSecret), VPC resource controller (SecurityGroupPolicy), KEDA (ScaledObject,
TriggerAuthentication), as published in November 2026.
"""

SELECTOR = {"matchLabels": {"*": str}, "matchExpressions": [{"key!": str, "operator!": str, "values": [str]}]}
TERMS = [{"id": str, "tags": {"*": str}}]
BINDING = {
    "targetGroupARN": str,
    "targetType": {"instance", "ip"},
    "serviceRef!": {"name!": str, "port!": "int-or-string"},
    "networking": {
        "ingress": [{"from!": [{"securityGroup": {"groupID!": str}}], "ports!": [{"port": "int-or-string"}]}]
    },
    "nodeSelector": SELECTOR,
    "vpcID": str,
}
REMOTE = {"key!": str, "property": str, "version": str, "decodingStrategy": str, "metadataPolicy": str}
POLICIES = {
    "stabilizationWindowSeconds": int,
    "selectPolicy": {"Max", "Min", "Disabled"},
    "policies": [{"type!": str, "value!": int, "periodSeconds!": int}],
    "tolerance": "int-or-string",
}
SHAPES = {
    "eks.amazonaws.com/v1/TargetGroupBinding": {key: value for key, value in BINDING.items() if key != "vpcID"}
    | {"targetGroupARN!": str},
    "elbv2.k8s.aws/v1beta1/TargetGroupBinding": {**BINDING, "targetGroupName": str, "ipAddressType": {"ipv4", "ipv6"}},
    "eks.amazonaws.com/v1/NodeClass": {
        "role": str,
        "instanceProfile": str,
        "subnetSelectorTerms!": TERMS,
        "securityGroupSelectorTerms!": [{"id": str, "name": str, "tags": {"*": str}}],
        "podSubnetSelectorTerms": TERMS,
        "podSecurityGroupSelectorTerms": TERMS,
        "networkPolicy": {"DefaultAllow", "DefaultDeny"},
        "networkPolicyEventLogs": {"Enabled", "Disabled"},
        "snatPolicy": {"Random", "Disabled"},
        "ephemeralStorage": {"size": str, "iops": int, "throughput": int, "kmsKeyID": str},
        "tags": {"*": str},
    },
    "karpenter.sh/v1/NodePool": {
        "template!": {
            "metadata": {"labels": {"*": str}, "annotations": {"*": str}},
            "spec!": {
                "nodeClassRef!": {"group!": str, "kind!": str, "name!": str},
                "expireAfter": str,
                "terminationGracePeriod": str,
                "requirements!": [
                    {
                        "key!": str,
                        "operator!": {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"},
                        "values": [str],
                        "minValues": int,
                    }
                ],
                "taints": [{"key!": str, "value": str, "effect!": {"NoSchedule", "PreferNoSchedule", "NoExecute"}}],
                "startupTaints": [{"key!": str, "value": str, "effect!": str}],
            },
        },
        "disruption": {
            "consolidationPolicy": {"WhenEmpty", "WhenEmptyOrUnderutilized"},
            "consolidateAfter!": str,
            "budgets": [{"nodes!": str, "schedule": str, "duration": str, "reasons": [str]}],
        },
        "limits": {"*": "int-or-string"},
        "weight": int,
    },
    "external-secrets.io/v1/SecretStore": {
        "provider!": {"aws": {"service!": {"SecretsManager", "ParameterStore"}, "region!": str, "role": str}},
        "refreshInterval": int,
    },
    "external-secrets.io/v1/ExternalSecret": {
        "data": [{"secretKey!": str, "remoteRef!": REMOTE}],
        "refreshInterval": str,
        "refreshPolicy": {"CreatedOnce", "Periodic", "OnChange"},
        "secretStoreRef": {"name": str, "kind": {"SecretStore", "ClusterSecretStore"}},
        "target": {
            "name": str,
            "creationPolicy": {"Owner", "Orphan", "Merge", "None"},
            "deletionPolicy": {"Delete", "Merge", "Retain"},
            "immutable": bool,
        },
    },
    "keda.sh/v1alpha1/ScaledObject": {
        "scaleTargetRef!": {"apiVersion": str, "kind": str, "name!": str, "envSourceContainerName": str},
        "minReplicaCount": int,
        "maxReplicaCount": int,
        "idleReplicaCount": int,
        "pollingInterval": int,
        "cooldownPeriod": int,
        "initialCooldownPeriod": int,
        "advanced": {
            "restoreToOriginalReplicaCount": bool,
            "horizontalPodAutoscalerConfig": {
                "name": str,
                "behavior": {"scaleUp": POLICIES, "scaleDown": POLICIES},
            },
        },
        "triggers!": [
            {
                "type!": str,
                "name": str,
                "metricType": {"AverageValue", "Value", "Utilization"},
                "useCachedMetrics": bool,
                "metadata!": {"*": str},
                "authenticationRef": {"name!": str, "kind": {"TriggerAuthentication", "ClusterTriggerAuthentication"}},
            }
        ],
    },
    "keda.sh/v1alpha1/TriggerAuthentication": {
        "podIdentity": {
            "provider!": {"azure-workload", "gcp", "aws", "aws-eks", "none"},
            "roleArn": str,
            "identityOwner": {"keda", "workload"},
        },
    },
    "vpcresources.k8s.aws/v1beta1/SecurityGroupPolicy": {
        "podSelector": SELECTOR,
        "serviceAccountSelector": SELECTOR,
        "securityGroups": {"groupIds": [str]},
    },
}
CLUSTER_WIDE = {"NodeClass", "NodePool"}
TYPES = {str: {"type": "string"}, int: {"type": "integer"}, bool: {"type": "boolean"}}


def definition(key, shape):
    """The CustomResourceDefinition of one shape."""
    group, version, kind = key.split("/")
    plural = kind.lower() + ("es" if kind.endswith("s") else "s") if kind[-1] != "y" else kind.lower()[:-1] + "ies"
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": _schema(shape)}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Cluster" if kind in CLUSTER_WIDE else "Namespaced",
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _schema(shape):
    match shape:
        case "int-or-string":
            return {"x-kubernetes-int-or-string": True}
        case set():
            return {"type": "string", "enum": sorted(shape)}
        case list():
            return {"type": "array", "items": _schema(shape[0])}
        case {"*": value}:
            return {"type": "object", "additionalProperties": _schema(value)}
        case dict():
            required = [name[:-1] for name in shape if name.endswith("!")]
            properties = {name.rstrip("!"): _schema(value) for name, value in shape.items()}
            return {"type": "object", "properties": properties} | ({"required": required} if required else {})
    return TYPES[shape]
