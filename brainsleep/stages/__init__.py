"""Stages of sleep: what a night goes through."""
