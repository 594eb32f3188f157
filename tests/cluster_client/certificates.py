"""Certificates for the local server, made when a test run starts: good, expired, for another name."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: Path
    key: Path


class Authority:
    """A certificate authority whose files stand in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA(organization_name="test authority")
        self.certificate = folder / "ca.crt"
        self._authority.cert_pem.write_to_path(self.certificate)

    def issue(self, common_name: str, *names: str, expired: bool = False) -> Pair:
        """For the loopback address, where no names are given."""
        end = datetime.now(UTC) + timedelta(days=-1 if expired else 1)
        leaf = self._authority.issue_cert(*(names or ("127.0.0.1",)), common_name=common_name, not_after=end)
        pair = Pair(self._folder / f"{common_name}.crt", self._folder / f"{common_name}.key")
        leaf.private_key_pem.write_to_path(pair.key)
        pair.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        return pair
