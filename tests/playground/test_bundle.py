"""Bundles on disk: the same after a round trip, refused with the place and the fix when they are not what they say."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bot.model.errors import UsageError
from bot.playground.bundle import LARGEST, load_bundle, pack_bundle, save_bundle, unpack_bundle
from tests.playground.cluster_box.town import make_town


def change(**fields: Any) -> bytes:
    plain = json.loads(gzip.decompress(pack_bundle(make_town())))
    return gzip.compress(json.dumps(plain | fields).encode())


def test_a_bundle_is_the_same_after_saving_and_loading(tmp_path: Path) -> None:
    path = tmp_path / "town.json.gz"
    size = save_bundle(make_town(), path)
    assert size == path.stat().st_size
    assert load_bundle(path) == make_town()


def test_the_same_bundle_gives_the_same_bytes() -> None:
    assert pack_bundle(make_town()) == pack_bundle(make_town())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "not compressed with gzip"),
        (gzip.compress(b"hello"), "no JSON inside"),
        (gzip.compress(b"[]"), "not a bundle of version 1"),
        (change(netcheck_bundle=2), "not a bundle of version 1 but of 2"),
        (change(reads=[{"verb": "get", "kind": 7}]), r"\$\.reads\[0\]\.kind"),
        (change(objects=[{"metadata": {}}]), r"`objects\[0\]` has no kind"),
        (change(objects=[{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}]), "holds a Secret"),
        (pack_bundle(make_town())[:-20], "ends too early"),
        (gzip.compress(b" " * (LARGEST + 1)), "larger than 64 MiB"),
    ],
    ids=["no-gzip", "no-json", "no-version", "other-version", "wrong-type", "no-kind", "secret", "cut", "bomb"],
)
def test_what_is_no_bundle_is_refused_with_the_place_and_the_fix(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        unpack_bundle(data, "my.json.gz")
    assert "my.json.gz" in str(refusal.value)


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nosuch\.json\.gz cannot be read: No such file"):
        load_bundle(tmp_path / "nosuch.json.gz")


def test_a_place_that_cannot_be_written_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name a file in a folder that exists"):
        save_bundle(make_town(), tmp_path / "nowhere" / "bundle.json.gz")
