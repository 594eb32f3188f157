"""`pods/exec` over a WebSocket: a recorded command gives its recorded output, any other is said to be unknown.

Source: `k8s.io/apimachinery/pkg/util/remotecommand`: channels 0 stdin, 1 stdout, 2 stderr, 3 a Status with the exit
code, 4 resize; v5 adds 255, by which a client closes a channel.
"""

import msgspec
from aiohttp import web

from bot.playground.bundle import Execution, Object
from bot.playground.cluster_box.logs import choose_container
from bot.playground.cluster_box.programs import plain_command
from bot.playground.cluster_box.status import Replayed, bad_request, not_recorded
from bot.playground.cluster_box.world import World

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


async def serve_exec(world: World, pod: Object, request: web.Request) -> web.StreamResponse:
    command = tuple(request.query.getall("command", []))
    if not command:
        raise bad_request("you must specify at least one command for the container")
    container = choose_container(pod, request.query.get("container", ""))
    found = _find(world, pod, container, command)
    socket = web.WebSocketResponse(protocols=PROTOCOLS)
    await socket.prepare(request)
    await _send(socket, 1, found.stdout.encode())
    await _send(socket, 2, found.stderr.encode())
    await _send(socket, 3, msgspec.json.encode(_status(found.exit_code)))
    await socket.close()
    return socket


def _find(world: World, pod: Object, container: str, command: tuple[str, ...]) -> Execution:
    metadata = pod["metadata"]
    for execution in world.bundle.executions:
        asked = (metadata["namespace"], metadata["name"], container, plain_command(command))
        told = (execution.namespace, execution.pod, execution.container, plain_command(execution.command))
        if told == asked:
            if execution.outcome != "answered":
                raise Replayed(execution.outcome, execution.message)
            return execution
    raise not_recorded(f"what `{' '.join(command)}` prints in container {container} of pod {metadata['name']}")


async def _send(socket: web.WebSocketResponse, channel: int, data: bytes) -> None:
    if data:
        await socket.send_bytes(bytes([channel]) + data)


def _status(exit_code: int) -> Object:
    if exit_code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {exit_code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(exit_code)}]},
    }
