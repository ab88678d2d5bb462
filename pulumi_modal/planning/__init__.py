"""A Modal file and a stack's overrides in, the effective specification of every function out."""
