"""How hard a model thinks, on the wire of each protocol."""
