"""The bytes of OTLP's spans, written directly; pure, so that whoever reads a journal has it too."""
