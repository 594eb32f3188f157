"""What a node says of itself, held against its kubelet, which would put it right with its next report."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.cluster.faults.api import PatchStatus, write
from tests.cluster.faults.conditions import Condition
from tests.cluster.faults.fault import Heal
from tests.cluster.faults.objects import Ref
from tests.cluster.rig import Cluster

API = "admissionregistration.k8s.io/v1"
NAME = "netcheck-held-status"
TRIED_AS = "netcheck:tries-to-report"
"""kubectl reads the status before it patches it, which a kubelet's user may not."""
BINDING = {"apiVersion": API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": NAME},
           "spec": {"policyName": NAME, "validationActions": ["Deny"]}}


@dataclass(frozen=True, slots=True)
class HoldStatus:
    """`status` of a Node is merged, and no report of its kubelet is admitted until it is healed; the node's lease is
    renewed all the while, so that it stays ready."""

    node: str
    status: dict[str, Any]
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        policy = {"apiVersion": API, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": NAME}, "spec": {
            "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"],
                                                    "resources": ["nodes/status"]}]},
            "validations": [{"expression": (
                f"!(request.userInfo.username in ['system:node:{self.node}', '{TRIED_AS}'])"), "message": "held"}]}}

        def heal(then: Cluster) -> None:
            for kind in (BINDING["kind"], policy["kind"]):
                then.kubectl("delete", str(kind), NAME)

        write(cluster, policy, "create")
        write(cluster, BINDING, "create")
        Condition("no report of the kubelet is admitted", self._is_held).until(cluster)
        PatchStatus(Ref("Node", self.node, ""), {"status": self.status}).inject(cluster)
        return heal

    def _is_held(self, cluster: Cluster) -> bool:
        report = json.dumps({"status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 10251}}}})
        tried = cluster.run_kubectl("patch", "node", self.node, "--subresource=status", "--type=merge", "-p", report,
                                    "--dry-run=server", f"--as={TRIED_AS}", "--as-group=system:masters")
        return NAME in tried.stderr
