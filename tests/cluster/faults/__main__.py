"""`python -m tests.cluster.faults`: the rows, without trying any."""

from tests.cluster.faults.ledger import table
from tests.cluster.faults.table import FAULTS
from tests.cluster.faults.trial import expected


def main() -> None:
    head = ("fault", "of", "on", "what is so", "expected", "not yet because of")
    rows = [(row.name, row.reference, row.network + ("" if row.proxy == "iptables" else f", {row.proxy}"), row.says,
             expected(row), row.awaits) for row in FAULTS]
    print("\n".join(table([head, *rows])))
    healthy = sum(row.is_lookalike for row in FAULTS)
    print(f"\n{len(FAULTS)} rows: {len(FAULTS) - healthy} faults, {healthy} look-alikes")


main()
