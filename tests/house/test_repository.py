"""The repository speaks of the project alone: no package index, no path of somebody's machine, nothing left open."""

import re
import subprocess
from pathlib import Path

# Each pattern is written so that it does not match its own source line.
FOREIGN = {
    "a package index": re.compile(r"pyp[i]\.org|pythonhoste[d]\.|registry\.npm[j]s|proxy\.gol[a]ng|deb\.debi[a]n\.org"),
    "a path of one machine": re.compile(r"/hom[e]/[a-z]+/|/Use[r]s/[A-Za-z]+/|(?<![\w.])/roo[t]/|(?<![\w.])/wor[k]/"),
    "an index option": re.compile(r"--index-ur[l]|--extra-index-ur[l]|--find-link[s]\b"),
}
OPEN_ENDS = re.compile(r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b|NotImplementedErro[r]")
RIG = re.compile(r"rig\.loca[l]|172\.31\.[0]\.|netcheck-ri[g]|netcheck-cluster[./]")


def read_tracked(root: Path) -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\0")
    texts: dict[str, str] = {}
    for name in filter(None, listed):
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return texts


def read_product(root: Path) -> dict[str, str]:
    return {name: text for name, text in read_tracked(root).items() if name.startswith(("bot/", "playbooks/", "helm/"))}


def find_lines(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_index_or_a_path_of_one_machine(root: Path) -> None:
    texts = read_tracked(root)
    texts.pop("Makefile", None)  # passes uv the options that keep index addresses out of the locks
    found = {what: find_lines(texts, pattern) for what, pattern in FOREIGN.items()}
    assert {what: lines for what, lines in found.items() if lines} == {}


def test_the_product_leaves_nothing_open(root: Path) -> None:
    assert find_lines(read_product(root), OPEN_ENDS) == []


def test_the_product_knows_nothing_of_the_test_cluster(root: Path) -> None:
    assert find_lines(read_product(root), RIG) == []
