"""What inventories have in common: small documents, sheets, registry and metabase texts."""
