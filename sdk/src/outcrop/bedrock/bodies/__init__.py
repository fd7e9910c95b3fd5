"""Codecs for `invoke_model` bodies: one small pure file a model family, found through `table`."""
