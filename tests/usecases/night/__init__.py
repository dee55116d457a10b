"""Nights: what continues them, beside the commands and Dagster."""
