"""The platforms that there are. Adding one is one line here, and its bundle."""

from tests.cluster.platforms.clouds import AKS, EKS, GKE, GKE_CLOUD_DNS
from tests.cluster.platforms.openshift import OPENSHIFT
from tests.cluster.platforms.platform import Platform
from tests.cluster.platforms.rancher import K3S, RKE2
from tests.cluster.platforms.upstream import CILIUM, KIND, KUBEADM, NODE_LOCAL

PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (KUBEADM, KIND, K3S, RKE2, EKS, GKE, GKE_CLOUD_DNS, AKS, OPENSHIFT, CILIUM, NODE_LOCAL)
}
