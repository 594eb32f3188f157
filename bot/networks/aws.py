"""Amazon VPC CNI: pods get addresses of the VPC's subnets (https://docs.aws.amazon.com/eks/latest/userguide/
pod-networking.html). podCIDRs of nodes mean nothing there."""

from bot.networks.network import Network, sign

AMAZON_VPC = Network(
    name="Amazon VPC CNI", agents=("aws-node",), labels=(("k8s-app", "aws-node"),), plugins=("aws-cni",),
    containers=("aws-node",), policy="with an extra", ranges="own", beside=frozenset({"Cilium", "Calico"}),
    events=(sign(r"failed to assign an IP address to container", "cni.sandbox.addresses",
                 "the subnet or the node's interfaces have no free address"),),
)
