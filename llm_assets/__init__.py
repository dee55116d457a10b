"""The overnight LLM desk: Dagster assets that read a day's mail through batch APIs and report by morning."""
