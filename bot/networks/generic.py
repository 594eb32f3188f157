"""What holds for any network plugin, where none that is known runs: a plugin that is new, home-made, or built in."""

from bot.networks.network import Network

GENERIC = Network(
    name="a network plugin that netcheck does not know", agents=(), policy="with an extra", ranges="own",
    note="its agents, ports and settings are not known, so only nodes, pods and their addresses are looked at",
)
