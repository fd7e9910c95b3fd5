"""The store in a ClickHouse database."""
