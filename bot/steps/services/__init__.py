"""An application's Service, from its selector to what its pods answer (SVC-01 to SVC-16; page: debugging Services)."""
