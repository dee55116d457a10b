"""Simulated nights: the real engine on a virtual clock against a modelled provider."""
