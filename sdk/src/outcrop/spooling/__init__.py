"""Requests that wait on disk: the form of their files. The SDK writes them; it and servers send them on."""
