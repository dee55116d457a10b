"""Dagster: assets, checks, partitions, jobs, schedules, sensors. Thin shells; every decision is made below."""
