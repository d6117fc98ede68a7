"""The component under mocks, where `pulumi_eks.Cluster` is opaque: what is registered, in which order, who may what."""

import json
from dataclasses import replace
from unittest import mock

import pulumi_eks
import pytest

from foundation.signals import Metric, Missing
from orchestrators.eks import Eks, versions
from orchestrators.eks.hidden import hidden_children
from settings import ClusterSettings
from tests.orchestrators.eks.given import arguments
from tests.orchestrators.eks.portal import EC2, FARGATE, portal
from tests.support.pulumi_run import run

CIDRS = ("203.0.113.0/24",)


def provision(placement, **changes):
    made = {}
    cluster = pulumi_eks.Cluster

    def spied(resource_name, **given):
        """Keeps the cluster's arguments, as mocks record no remote component."""
        made["cluster"] = given
        return cluster(resource_name, **given)

    def program():
        made["args"] = arguments(placement, **changes)
        made["eks"] = Eks("eks", made["args"])

    with mock.patch.object(pulumi_eks, "Cluster", spied):
        registered = run(program)
    return registered, made["eks"], made["args"], made["cluster"]


@pytest.fixture(scope="module")
def ec2():
    return provision(EC2)


@pytest.fixture(scope="module")
def fargate():
    return provision(FARGATE)


@pytest.fixture(params=["ec2", "fargate"])
def either(request):
    return request.getfixturevalue(request.param)


def named(registered, *prefixes):
    return {each.name for each in registered.resources if each.name.startswith(prefixes)}


def test_the_clusters_api_is_private_without_addresses_in_config(either):
    assert either[3]["endpoint_private_access"] is True
    assert either[3]["endpoint_public_access"] is False


def test_the_clusters_api_is_reached_from_the_addresses_in_config_alone():
    inputs = provision(EC2, cidrs=CIDRS)[3]
    assert inputs["endpoint_public_access"] is True
    assert inputs["public_access_cidrs"] == list(CIDRS)


def test_the_cluster_encrypts_and_logs(either):
    inputs = either[3]
    assert inputs["encryption_config_key_arn"] is not None
    assert set(inputs["enabled_cluster_log_types"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }


def test_the_cluster_of_a_protected_stack_may_go_when_the_stack_moves(either):
    assert not either[3]["opts"].protect
    assert not either[3].get("deletion_protection")


def test_the_cluster_component_is_told_to_make_nothing_of_its_own(either):
    """What `hidden` leaves out depends on exactly these arguments (pulumi-eks 4.4, cluster.ts)."""
    inputs = either[3]
    assert inputs["skip_default_node_group"] is True
    assert inputs["skip_default_security_groups"] is True
    assert inputs["use_default_vpc_cni"] is True
    assert inputs["kube_proxy_addon_options"] == {"enabled": False}
    assert inputs["coredns_addon_options"] == {"enabled": False}
    assert inputs["authentication_mode"] == "API"
    assert inputs["service_role"] is not None
    assert not {"fargate", "create_oidc_provider", "access_entries", "storage_classes"} & set(inputs)
    assert [child.suffix for child in hidden_children("eks:index:Cluster")] == ["eksCluster", "eks-k8s"]


def test_auto_mode_uses_the_role_in_sight(ec2):
    assert ec2[3]["auto_mode"].create_node_role is False
    assert ec2[3]["auto_mode"].compute_config.node_pools == ["system"]


def test_no_secret_value_stands_in_a_manifest(either):
    assert not either[0].of("core/v1:Secret")


def test_a_new_secret_version_is_a_new_secret_that_new_pods_wait_for():
    def secret(version):
        registered = provision(EC2, version=version)[0]
        made = registered.one(":ExternalSecret").inputs
        api = registered.one(":Deployment", "eks-deployment-api").inputs["spec"]["template"]["spec"]
        (mounted,) = (v["secret"]["secretName"] for v in api["volumes"] if "secret" in v)
        assert made["metadata"]["name"] == made["spec"]["target"]["name"] == mounted
        return mounted

    assert secret("v1") != secret("v2")


def test_a_new_image_is_a_new_migration():
    def job(image):
        images = {**arguments_images(), "migrate": image}
        return provision(EC2, images=images)[0].one(":Job").inputs["metadata"]["name"]

    assert job("repository/migrate@sha256:1") != job("repository/migrate@sha256:2")


def arguments_images():
    return {name: f"repository/{name}@sha256:0" for name in portal().units}


def test_the_migration_runs_before_those_who_wait_for_it(either):
    waits = {name: either[0].one(":Deployment", f"eks-deployment-{name}").depends_on for name in ("api", "worker")}
    assert all("eks-job-migrate-rollout" in names for names in waits.values())


def test_the_workload_comes_after_and_goes_before_all_that_serves_it(either):
    registered = either[0]
    for each in registered.of(":Deployment"):
        needed = named(registered, "eks-nodepool", "eks-metrics-server", "eks-external", "eks-aws-load", "eks-profile")
        services = {name for name in needed if not name.endswith(("-role", "-policy"))}
        controllers = {r.name for r in registered.of("helm.sh/v3:Release")} | {r.name for r in registered.of(":Addon")}
        assert controllers & services <= set(each.depends_on)
        assert "eks-namespace-portal-prod" in each.depends_on


def test_every_role_keeps_its_rights_while_the_cluster_stands(either):
    registered = either[0]
    attached = {each.name for each in registered.of(":RolePolicyAttachment") if "cluster-role" in each.name}
    assert attached
    assert attached <= {resource._name for resource in either[3]["opts"].depends_on}


def test_a_service_does_not_wait_for_the_pods_that_wait_for_it(either):
    for each in either[0].of("core/v1:Service"):
        assert each.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_the_ledger_is_what_pulumi_ignores(either):
    registered, eks, *_ = either
    ignored = {(each.name, field) for each in registered.resources for field in each.ignored}
    assert ignored == {(owned.resource, owned.field) for owned in eks.ledger}
    assert {field for _, field in ignored} == {"spec.replicas"}


def test_every_service_that_is_not_managed_runs(either):
    assert set(either[1].running) == {"web", "api", "worker"}


def test_requests_are_routed_once_the_ingress_service_is_rolled_out(either):
    assert [type(resource).__name__ for resource in either[1].ready] == ["Rollout"]
    (urn,) = (resource._name for resource in either[1].ready)
    assert urn == "eks-deployment-web-rollout"


def test_every_service_tells_six_signals_on_nodes(ec2):
    assert len([signal for signal in ec2[1].signals if signal.subject in ec2[1].running]) == 18
    assert all(isinstance(signal.metric, Metric) for signal in ec2[1].signals)


def test_fargate_says_honestly_that_it_has_no_metrics_of_pods(fargate):
    told = {type(signal.metric) for signal in fargate[1].signals if signal.name != "error_lines"}
    assert told == {Missing}


def test_error_lines_are_counted_in_the_log_that_all_pods_share(either):
    registered, eks, *_ = either
    api = registered.one(":LogMetricFilter", "eks-api-error_lines")
    assert api.inputs["logGroupName"] == eks.running["api"].log_group
    assert api.inputs["pattern"].startswith(
        '{ ($.kubernetes.namespace_name = "portal-prod") && ($.kubernetes.container_name = "api")'
        ' && (($.log_processed.level = "error") || ('
    )
    assert api.inputs["logGroupName"] in {each.inputs["name"] for each in registered.of(":LogGroup")}


def statements(registered, role):
    document = json.loads(registered.one(":RolePolicy", f"eks-{role}-role-policy").inputs["policy"])
    return document["Statement"]


def test_the_secrets_operator_reads_the_stacks_secrets_alone(either):
    assert statements(either[0], "external-secrets") == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": ["arn:secret"],
        },
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": ["arn:key"]},
    ]


def test_keda_reads_metrics_alone_by_the_account_of_its_operator(either):
    registered = either[0]
    assert statements(registered, "keda") == [
        {"Effect": "Allow", "Action": "cloudwatch:GetMetricData", "Resource": "*"}
    ]
    accounts = registered.one("helm.sh/v3:Release", "eks-keda").inputs["values"]["serviceAccount"]
    assert {part: account["name"] for part, account in accounts.items()} == {"operator": "keda"}


def test_a_stack_that_scales_by_cpu_and_memory_alone_has_no_keda():
    workload = portal()
    web = replace(workload.services["web"], scaling=replace(workload.services["web"].scaling, requests=None))
    registered = provision(EC2, workload=replace(workload, services={**workload.services, "web": web}))[0]
    assert not named(registered, "eks-keda")
    assert registered.one(":HorizontalPodAutoscaler", "eks-horizontalpodautoscaler-web")


def test_one_autoscaler_moves_each_service(either):
    registered, eks, *_ = either
    assert named(registered, "eks-scaledobject-") == {"eks-scaledobject-web"}
    assert named(registered, "eks-horizontalpodautoscaler-") == {
        "eks-horizontalpodautoscaler-api",
        "eks-horizontalpodautoscaler-worker",
    }
    assert {owned.resource for owned in eks.ledger} == {f"eks-deployment-{name}" for name in ("web", "api", "worker")}


def test_the_load_balancer_controller_changes_the_stacks_target_groups_alone(fargate):
    changing, reading = statements(fargate[0], "aws-load-balancer-controller")
    assert changing["Resource"] == ["arn:web"]
    assert all(":Describe" in action for action in reading["Action"])


def test_the_roles_of_other_people_administer_the_cluster_by_access_entries():
    operators = "arn:aws:iam::123456789012:role/operators"
    registered = provision(EC2, cluster=ClusterSettings(admins=(operators,)))[0]
    assert registered.one(":AccessEntry").inputs["principalArn"] == operators
    granted = registered.one(":AccessPolicyAssociation").inputs
    assert granted["principalArn"] == operators
    assert granted["accessScope"] == {"type": "cluster"}
    assert granted["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_nobody_else_is_let_into_the_cluster(either):
    assert not either[0].of(":AccessEntry")


def test_no_unit_has_a_role(either):
    roles = {each.name for each in either[0].of(":Role")}
    assert not {name for name in roles for unit in portal().units if f"-{unit}-" in name}


def test_pods_on_nodes_are_let_in_by_the_network(ec2):
    assert ec2[2].network.admitted == ["eks-ec2-nodes"]
    assert not ec2[0].of(":SecurityGroupPolicy")


def test_pods_on_fargate_reach_dns_and_their_kubelet_is_reached(fargate):
    ingress = {(each.name, each.inputs["fromPort"], each.inputs["ipProtocol"]) for each in fargate[0].of("IngressRule")}
    for unit in ("web", "api", "worker", "migrate"):
        assert {
            (f"eks-{unit}-dns-udp-in", 53, "udp"),
            (f"eks-{unit}-dns-tcp-in", 53, "tcp"),
            (f"eks-{unit}-api-in", 443, "tcp"),
            (f"eks-{unit}-kubelet-in", 10250, "tcp"),
        } <= ingress
    assert len(ingress) == 16


def test_nodes_and_add_ons_reach_the_endpoints_by_the_clusters_group(either):
    network, placement = either[2].network, either[2].placement
    assert network.private == [f"{placement.key}-cluster"]


def test_fargate_gets_no_network_policies_that_it_would_ignore(fargate):
    assert not fargate[0].of(":NetworkPolicy")


def test_every_add_on_is_pinned_by_the_clusters_version(either):
    registered, _, args, _ = either
    pinned = {each.inputs["addonName"]: each.inputs["addonVersion"] for each in registered.of(":Addon")}
    needed = versions.NEEDED[args.placement.compute]
    assert pinned == {addon: versions.ADDONS[addon][args.cluster.version] for addon in needed}


def test_name_resolution_runs_on_fargate(fargate):
    (coredns,) = (each for each in fargate[0].of(":Addon") if each.inputs["addonName"] == "coredns")
    assert json.loads(coredns.inputs["configurationValues"]) == {"computeType": "Fargate"}


def test_the_observability_add_on_puts_nothing_into_the_workloads_pods(ec2):
    (agent,) = (each for each in ec2[0].of(":Addon") if each.name == "eks-observability")
    monitored = json.loads(agent.inputs["configurationValues"])["manager"]["applicationSignals"]["autoMonitor"]
    assert monitored == {"monitorAllServices": False}


def test_a_cluster_in_standard_support_never_costs_more_unasked(either):
    assert either[3]["upgrade_policy"] == {"support_type": "STANDARD"}


def test_a_stack_without_secrets_has_no_secrets_operator():
    workload = portal()
    web = replace(workload.services["web"], links=())
    alone = replace(
        workload,
        services={"web": replace(web, container=replace(web.container, depends_on=(), environment={}))},
        jobs={},
    )
    registered = provision(EC2, workload=alone, endpoints={})[0]
    assert not named(registered, "eks-external-secrets")


def test_the_truth_of_a_rollout_is_asked_of_the_cluster_not_of_the_provider(either):
    registered = either[0]
    for kind in ("Deployment", "Job"):
        for each in registered.of(f":{kind}"):
            assert each.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
            assert each.name in registered.one(":KubernetesRollout", f"{each.name}-rollout").depends_on


@pytest.fixture
def goes_before(either):
    """Whether destroying takes the one before the other: whatever depends on something goes first."""
    needs = {each.name: set(each.depends_on) for each in either[0].resources}
    needs["eks-cluster"] = {resource._name for resource in either[3]["opts"].depends_on}

    def all_needs(name):
        found, left = set(), [name]
        while left:
            for needed in needs.get(left.pop(), ()):
                if needed not in found:
                    found.add(needed)
                    left.append(needed)
        return found

    return lambda first, second: second in all_needs(first)


def test_destroying_takes_the_workload_then_its_namespace_then_the_add_ons_then_the_cluster(either, goes_before):
    registered = either[0]
    addons = {each.name for kind in (":Addon", "helm.sh/v3:Release") for each in registered.of(kind)}
    namespaced = {
        each.name
        for each in registered.resources
        if each.type.startswith("kubernetes:") and (each.inputs.get("metadata") or {}).get("namespace") == "portal-prod"
    }
    assert {"eks-deployment-api", "eks-targetgroupbinding-web", "eks-externalsecret-db_password"} <= namespaced
    assert all(goes_before(each, "eks-namespace-portal-prod") for each in namespaced)
    assert all(goes_before("eks-namespace-portal-prod", addon) for addon in addons)
    assert all(goes_before(addon, "eks-cluster") for addon in addons)


def test_destroying_takes_the_add_ons_before_the_machines_that_they_run_on(either, goes_before):
    registered = either[0]
    machines = {each.name for kind in (":NodePool", ":FargateProfile") for each in registered.of(kind)}
    addons = {each.name for kind in (":Addon", "helm.sh/v3:Release") for each in registered.of(kind)}
    assert machines
    assert all(goes_before(addon, machine) for addon in addons for machine in machines)
    assert all(goes_before(machine, "eks-cluster") for machine in machines)


def test_destroying_takes_the_controllers_rights_after_the_controllers(either, goes_before):
    for release in either[0].of("helm.sh/v3:Release"):
        assert goes_before(release.name, f"{release.name}-role-policy")
