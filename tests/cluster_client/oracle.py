"""The official client as the oracle: it asks the same server, and its raw JSON is what our answers should be."""

import json
from pathlib import Path
from typing import Any

from kubernetes import client, config


class Oracle:
    """Calls of the official, typed, synchronous client, with the answers left as they came."""

    def __init__(self, kubeconfig: Path) -> None:
        self._api = config.new_client_from_config(str(kubeconfig))
        self.core = client.CoreV1Api(self._api)
        self.apps = client.AppsV1Api(self._api)
        self.rbac = client.RbacAuthorizationV1Api(self._api)
        self.discovery = client.DiscoveryV1Api(self._api)
        self.access = client.AuthorizationV1Api(self._api)
        self.flow = client.FlowcontrolApiserverV1Api(self._api)

    def version(self) -> Any:
        return self.ask(client.VersionApi(self._api).get_code)

    def groups(self) -> list[str]:
        return [group["name"] for group in self.ask(client.ApisApi(self._api).get_api_versions)["groups"]]

    def ask(self, call: Any, *arguments: Any, **options: Any) -> Any:
        """`oracle.ask(oracle.core.read_node, "n1")`"""
        return json.loads(call(*arguments, _preload_content=False, **options).data)

    def text(self, call: Any, *arguments: Any, **options: Any) -> str:
        return str(call(*arguments, _preload_content=False, **options).data.decode(errors="replace"))

    def may(self, user: str, groups: list[str], **attributes: str) -> bool:
        spec = {"user": user, "groups": groups, "resourceAttributes": attributes}
        answer = self.ask(self.access.create_subject_access_review, {"spec": spec})
        return bool(answer["status"]["allowed"])

    def close(self) -> None:
        self._api.close()

