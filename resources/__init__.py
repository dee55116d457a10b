"""Adapters: one file per outside thing (ledger, lake, raw store, providers, settings). Nothing decides here."""
