"""The batch engine: use cases over ports. No dagster, no SDK, no SQL; every decision that costs money is here."""
