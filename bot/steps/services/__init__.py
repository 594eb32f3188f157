"""An application's Service, from its selector to what its pods answer (page: debugging Services)."""
