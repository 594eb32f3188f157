"""Amazon VPC CNI: pods get addresses of the VPC's subnets (https://docs.aws.amazon.com/eks/latest/userguide/
pod-networking.html). podCIDRs of nodes mean nothing there."""

from bot.networks.network import Enforcer, Network, View, sign

AMAZON_VPC = Network(
    name="Amazon VPC CNI", agents=("aws-node",), labels=(("k8s-app", "aws-node"),), plugins=("aws-cni",),
    containers=("aws-node",), hidden=True, policy="with an extra", ranges="own", beside=frozenset({"Cilium", "Calico"}),
    events=(sign(r"failed to assign an IP address to container", "cni.sandbox.addresses",
                 "the subnet or the node's interfaces have no free address"),),
    enforcer=Enforcer(("aws-network-policy-agent", "aws-eks-nodeagent"), switch="--enable-network-policy=true"),
    files=("10-aws.conflist",), status="kubectl -n NAMESPACE logs POD -c aws-node --tail=50",
    view=View("aws-node", "/host/etc/cni/net.d", "/host/opt/cni/bin"),
)
