"""Names of OpenTelemetry's conventions for functions as a service that Outcrop writes.

Source: open-telemetry/semantic-conventions, docs/faas/faas-spans.md and docs/resource/faas.md.
"""

NAME = "faas.name"
INVOCATION_ID = "faas.invocation_id"
COLD_START = "faas.coldstart"  # bool
RESOURCE_ID = "cloud.resource_id"
