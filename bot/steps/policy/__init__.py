"""NetworkPolicies as looks need them: what is read of them, how a verdict on one is told, and who enforces them."""
