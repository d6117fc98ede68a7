"""What the site needs of AWS, as resources: the activation by which machines join, and the way of requests to it."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from foundation.iam import on_behalf_of, policy, service_trust
from foundation.references import copies
from orchestrators.base import OrchestratorArgs
from orchestrators.ecs.anywhere.egress import egress
from orchestrators.ecs.anywhere.join import join_script
from orchestrators.ecs.anywhere.ports import ports
from orchestrators.ecs.anywhere.tasks import needed
from orchestrators.ecs.anywhere.volumes import site_volumes
from orchestrators.ecs.anywhere.waits import Joined
from orchestrators.ecs.links import Links
from orchestrators.site.door import Answers, admit
from orchestrators.site.proxy import proxy
from workload.model import Service

_MANAGED = ("AmazonSSMManagedInstanceCore", "service-role/AmazonEC2ContainerServiceforEC2Role")
"""What the agents may do (AWS: Amazon ECS Anywhere IAM role)."""


class Site(pulumi.ComponentResource):
    """Machines register by the activation and take its role. `joined` stands when enough of them have."""

    joined: pulumi.Resource
    exports: Mapping[str, pulumi.Input[str]]

    def __init__(
        self, name: str, args: OrchestratorArgs, links: Links, cluster: aws.ecs.Cluster, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("switchyard:orchestrators:EcsSite", name, None, opts)
        self._name, self._args, self._links = name, args, links
        self._cluster = args.names.cluster(args.placement.key)
        activation = self._activation()
        volumes = site_volumes(args.workload, links.managed)
        self.exports = self._exports(activation, volumes)
        self.joined = Joined(
            f"{name}-joined",
            region=args.region,
            cluster=self._cluster,
            machines=needed(args.workload, links.managed),
            volumes=volumes,
            hint=(
                f"On each machine: pulumi stack output --show-secrets {args.placement.key}-join | sudo bash -s "
                f"{'-- VOLUME ' if volumes else ''}(docs/datacenter.md); then `pulumi up` again."
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster, activation]),
        )
        self.register_outputs({})

    def admit(self, service: Service, rollout: pulumi.Resource) -> Answers:
        """The load balancer's way to one service, once it runs: the proxy's port on the site's address."""
        port = self._args.targets[service.name].port
        return admit(f"{self._name}-{service.name}", service.name, self._args, port=port, after=rollout, parent=self)

    def _activation(self) -> "aws.ssm.Activation":
        args, opts = self._args, pulumi.ResourceOptions(parent=self)
        # AWS: IAM service role for hybrid environments.
        ours = on_behalf_of(args.account, pulumi.Output.format("arn:*:ssm:{0}:{1}:*", args.region, args.account))
        role = aws.iam.Role(
            f"{self._name}-machine",
            name=args.names.of(args.placement.key, "machine", limit=64),
            assume_role_policy=policy(service_trust("ssm.amazonaws.com", condition=ours)),
            tags=args.tags,
            opts=opts,
        )
        granted = [
            aws.iam.RolePolicyAttachment(
                f"{self._name}-machine-{number}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{managed}",
                opts=opts,
            )
            for number, managed in enumerate(_MANAGED)
        ]
        return aws.ssm.Activation(
            f"{self._name}-activation",
            name=self._cluster,
            description=f"Machines of {self._cluster}",
            iam_role=role.name,
            registration_limit=args.site.machines,
            expiration_date=args.site.activate_until,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=granted, additional_secret_outputs=["activation_code"]),
        )

    def _exports(self, activation: "aws.ssm.Activation", volumes: tuple[str, ...]) -> dict[str, pulumi.Input[str]]:
        args = self._args
        vpc = pulumi.Output.from_input(args.network.cidr)
        public = copies(args.workload, self._links.managed, {})
        elsewhere = [image for image in public if not args.repositories.keys() & set(image.containers)]
        code: pulumi.Output[str] = pulumi.Output.secret(activation.activation_code)
        join = pulumi.Output.all(id=activation.id, code=code, expires=activation.expiration_date).apply(
            lambda known: join_script(
                region=args.region,
                cluster=self._cluster,
                activation_id=known["id"],
                activation_code=known["code"],
                expires=known["expires"],
                volumes=volumes,
            )
        )
        return {
            "activation-id": activation.id,
            "activation-code": code,
            "activation-expires": activation.expiration_date,
            "join": pulumi.Output.secret(join),
            "proxy": vpc.apply(
                lambda cidr: proxy(ports(self._links, args.site, cidr), args.site, cluster=self._cluster)
            ),
            "egress": vpc.apply(
                lambda cidr: "\n".join(
                    map(
                        str,
                        egress(args.workload, self._links.managed, region=args.region, vpc=cidr, elsewhere=elsewhere),
                    )
                )
            ),
        }
