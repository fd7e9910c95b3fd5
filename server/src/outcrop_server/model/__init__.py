"""The server's own vocabulary: frozen records that know no engine, no protobuf and no HTTP."""
