"""The cluster of hybrid nodes under mocks: what is registered, in which order, and whether AWS would take it."""

import json
from ipaddress import ip_network

import botocore.session
import pytest
from botocore.validate import ParamValidator

from foundation.signals import Metric
from orchestrators.eks import Eks
from orchestrators.eks.hybrid.check import SERVICE_CIDR
from settings import ClusterSettings, SiteSettings
from tests.orchestrators.eks.given import arguments
from tests.orchestrators.eks.portal import DATACENTER
from tests.support.pulumi_run import run

SITE = SiteSettings(
    networks=("192.168.0.0/24", "192.168.1.0/24"), pods=("192.168.64.0/18",), machines=4, vpn_gateway="vgw-01234567"
)
CLUSTER = "portal-prod-eks-datacenter"


def provision(site=SITE, **changes):
    made = {}

    def program():
        made["eks"] = Eks("eks", arguments(DATACENTER, site=site, **changes))

    return run(program), made["eks"]


@pytest.fixture(scope="module")
def both():
    return provision()


@pytest.fixture(scope="module")
def registered(both):
    return both[0]


def accepted(service, operation, request):
    """By the model that the AWS SDK itself checks requests against."""
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    report = ParamValidator().validate(request, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    members = model.input_shape.members
    assert set(request) <= set(members)


def cluster(registered):
    return registered.one("eks/cluster:Cluster")


def test_the_cluster_is_one_that_eks_takes(registered):
    given = cluster(registered).inputs
    remote, network = given["remoteNetworkConfig"], given["vpcConfig"]
    request = {
        "name": given["name"],
        "version": given["version"],
        "roleArn": given["roleArn"],
        "resourcesVpcConfig": network,
        "kubernetesNetworkConfig": given["kubernetesNetworkConfig"],
        "logging": {"clusterLogging": [{"types": given["enabledClusterLogTypes"], "enabled": True}]},
        "encryptionConfig": [given["encryptionConfig"]],
        "accessConfig": given["accessConfig"],
        "bootstrapSelfManagedAddons": given["bootstrapSelfManagedAddons"],
        "upgradePolicy": given["upgradePolicy"],
        "remoteNetworkConfig": {key: [value] for key, value in remote.items()},
        "tags": given["tags"],
    }
    accepted("eks", "CreateCluster", request)


def test_the_cluster_knows_the_sites_machines_and_pods(registered):
    assert cluster(registered).inputs["remoteNetworkConfig"] == {
        "remoteNodeNetworks": {"cidrs": list(SITE.networks)},
        "remotePodNetworks": {"cidrs": list(SITE.pods)},
    }


def test_its_api_is_private_and_open_to_the_site_alone(registered):
    network = cluster(registered).inputs["vpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert network["securityGroupIds"] == [registered.one("ec2/securityGroup:SecurityGroup").id]
    rules = {(r.inputs["cidrIpv4"], r.inputs["fromPort"], r.inputs["toPort"]) for r in registered.of("IngressRule")}
    assert rules == {(cidr, 443, 443) for cidr in (*SITE.networks, *SITE.pods)}


def test_it_encrypts_and_logs_and_may_go_when_the_stack_moves(registered):
    made, key = cluster(registered), registered.one("kms/key:Key", "eks-key")
    encryption = made.inputs["encryptionConfig"]
    assert encryption["provider"]["keyArn"].endswith(key.id)
    assert encryption["resources"] == ["secrets"]
    assert len(made.inputs["enabledClusterLogTypes"]) == 5
    assert not made.inputs.get("deletionProtection")
    assert not made.protect


def test_services_get_addresses_that_neither_the_vpc_nor_the_site_has(registered):
    services = cluster(registered).inputs["kubernetesNetworkConfig"]["serviceIpv4Cidr"]
    assert services == SERVICE_CIDR
    taken = ("10.0.0.0/16", *SITE.networks, *SITE.pods)
    assert not any(ip_network(services).overlaps(ip_network(each)) for each in taken)


def test_machines_are_let_in_as_hybrid_nodes(registered):
    entry = registered.one(":AccessEntry")
    accepted("eks", "CreateAccessEntry", {key: entry.inputs[key] for key in ("clusterName", "principalArn", "type")})
    assert entry.inputs["type"] == "HYBRID_LINUX"
    assert "eks-node-role" in entry.inputs["principalArn"]


def test_as_many_machines_register_as_the_site_has(registered):
    given = registered.one("ssm/activation:Activation").inputs
    request = {
        "IamRole": given["iamRole"],
        "RegistrationLimit": int(given["registrationLimit"]),
        "DefaultInstanceName": given["name"],
        "Description": given["description"],
        "Tags": [{"Key": key, "Value": value} for key, value in given["tags"].items()],
    }
    accepted("ssm", "CreateActivation", request)
    assert given["registrationLimit"] == 4
    assert "expirationDate" not in given


def test_the_end_of_the_activation_is_the_sites():
    site = SiteSettings(networks=SITE.networks, pods=SITE.pods, activate_until="2026-12-01T00:00:00Z")
    given = provision(site)[0].one("ssm/activation:Activation").inputs
    assert given["expirationDate"] == "2026-12-01T00:00:00Z"


def test_only_systems_manager_of_this_account_and_region_takes_the_machines_role(registered):
    (statement,) = json.loads(registered.one(":Role", "eks-node-role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "ssm.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ssm:eu-central-1:111122223333:*"},
    }


def test_machines_may_do_nothing_but_join_this_cluster_and_leave(registered):
    policy = json.loads(registered.one(":RolePolicy", "eks-node-role-policy").inputs["policy"])["Statement"]
    arn = f"arn:aws:eks:eu-central-1:111122223333:cluster/{CLUSTER}"
    joins, asks, leaves = policy
    assert (joins["Action"], joins["Resource"]) == (["eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"], arn)
    assert asks["Action"] == "ssm:DescribeInstanceInformation"
    assert leaves["Condition"] == {"StringEquals": {"ssm:resourceTag/EKSClusterARN": arn}}
    attached = {r.inputs["policyArn"].rpartition("/")[2] for r in registered.of("Attachment") if "node-role" in r.name}
    assert attached == {"AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"}


def test_pods_have_addresses_of_the_site_and_stay_off_other_machines(registered):
    release = registered.one(":Release", "eks-cilium").inputs
    assert release["values"]["ipam"]["operator"]["clusterPoolIPv4PodCIDRList"] == list(SITE.pods)
    (term,) = release["values"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"][0]["values"] == ["hybrid"]
    assert release["skipAwait"] is True
    assert release["version"].startswith("1.18.")


def test_what_a_machine_needs_comes_before_it_and_what_needs_a_machine_after_it(registered):
    joined = registered.one(":HybridNodesJoined")
    assert {
        "eks-nodes", "eks-cilium", "eks-kube-proxy", "eks-eks-pod-identity-agent", "eks-activation",
    } <= set(joined.depends_on)  # fmt: skip
    waiting = ("eks-coredns", "eks-metrics-server", "eks-observability", "eks-external-secrets")
    for name in (*waiting, "eks-aws-load-balancer-controller"):
        (each,) = [r for r in registered.resources if r.name == name and not r.type.endswith("PodIdentityAssociation")]
        assert "eks-joined" in each.depends_on, name


def test_add_ons_are_pinned_and_run_where_there_is_no_instance_metadata(registered):
    found = {each.inputs["addonName"]: each.inputs for each in registered.of(":Addon")}
    assert all(each["addonVersion"] for each in found.values())
    agent = json.loads(found["eks-pod-identity-agent"]["configurationValues"])
    assert agent == {"daemonsets": {"hybrid": {"create": True}}}
    (cloudwatch,) = json.loads(found["amazon-cloudwatch-observability"]["configurationValues"])["agents"]
    assert {"name": "RUN_WITH_IRSA", "value": "True"} in cloudwatch["env"]


def test_the_charts_have_their_rights_by_pod_identity(registered):
    accounts = {each.inputs["serviceAccount"] for each in registered.of(":PodIdentityAssociation")}
    assert accounts == {"aws-load-balancer-controller", "external-secrets", "keda"}


def test_the_load_balancer_controller_binds_pods_by_their_addresses(registered):
    binding = registered.one(":TargetGroupBinding")
    assert binding.type == "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
    assert binding.inputs["spec"]["targetType"] == "ip"


def test_network_policies_are_enforced_so_they_are_made(registered):
    assert registered.of(":NetworkPolicy")
    assert not registered.of(":SecurityGroupPolicy")


def test_pods_tell_all_that_container_insights_knows(both):
    told = [s for s in both[1].signals if isinstance(s.metric, Metric) and s.subject in both[1].running]
    assert len(told) == 18


def test_people_get_the_script_its_end_and_the_firewalls_list(both):
    exports = both[1].exports
    assert set(exports) == {"join", "activation-expires", "egress"}


def test_no_machine_is_let_in_by_a_security_group():
    seen = []

    def program():
        args = arguments(DATACENTER, site=SITE, cluster=ClusterSettings())
        Eks("eks", args)
        seen.append(args.network.admitted + args.network.private)

    run(program)
    assert seen == [[]]
