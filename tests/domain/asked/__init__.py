"""Tests of what a model is asked: schemas, lists, effort, merged steps."""
