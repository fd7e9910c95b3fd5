"""The one place the version is written; both distributions read it when they are built."""

__version__ = "0.1.0"
