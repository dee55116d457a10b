"""Requests that are answered one by one, within the limits of a provider."""
