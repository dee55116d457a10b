"""Invented cases with honest answers and planted wrong ones, and how many of them are doubted."""
