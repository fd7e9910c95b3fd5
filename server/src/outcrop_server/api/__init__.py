"""The read API over HTTP: shapes, routes, errors, and who may ask."""
