"""Readers of user data, one format a module."""
