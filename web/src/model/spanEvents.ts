// Events within a span, told apart: HTTP attempts, exceptions, and the user's own.

export interface SpanEvent {
  name: string;
  timeNs: bigint;
  attributes: Readonly<Record<string, unknown>>;
}

export type ReadEvent =
  | { kind: "attempt"; event: SpanEvent; number: string; code: string | null; status: string | null; rest: Rest }
  | { kind: "exception"; event: SpanEvent; type: string; message: string; stack: string | null; rest: Rest }
  | { kind: "other"; event: SpanEvent; rest: Rest };

export type Rest = readonly (readonly [string, unknown])[];

const text = (value: unknown): string | null =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : null;

const except = (event: SpanEvent, ...keys: string[]): Rest =>
  Object.entries(event.attributes).filter(([key]) => !keys.includes(key));

function lookUp(event: SpanEvent, keys: readonly string[]): { key: string; value: string } | null {
  for (const key of keys) {
    const value = text(event.attributes[key]);
    if (value !== null) return { key, value };
  }
  return null;
}

const NUMBER = ["outcrop.attempt.number", "attempt", "number"];
const CODE = ["outcrop.attempt.error_code", "error.type", "aws.error.code", "outcrop.error.code", "error.code"];
const STATUS = ["http.response.status_code", "outcrop.attempt.status", "status_code"];

export function readEvent(event: SpanEvent): ReadEvent {
  if (event.name === "outcrop.attempt") {
    const [number, code, status] = [NUMBER, CODE, STATUS].map((keys) => lookUp(event, keys));
    const used = [number, code, status].flatMap((found) => (found ? [found.key] : []));
    return {
      kind: "attempt",
      event,
      number: number?.value ?? "",
      code: code?.value ?? null,
      status: status?.value ?? null,
      rest: except(event, ...used),
    };
  }
  if (event.name === "exception" || "exception.type" in event.attributes) {
    return {
      kind: "exception",
      event,
      type: text(event.attributes["exception.type"]) ?? event.name,
      message: text(event.attributes["exception.message"]) ?? "",
      stack: text(event.attributes["exception.stacktrace"]),
      rest: except(event, "exception.type", "exception.message", "exception.stacktrace"),
    };
  }
  return { kind: "other", event, rest: Object.entries(event.attributes) };
}

/** An event for each chunk would say everything twice where the stream itself is shown. */
export function ownEvents(events: readonly SpanEvent[], hasStream: boolean): SpanEvent[] {
  return events
    .filter((event) => !(hasStream && event.name.startsWith("outcrop.chunk.")))
    .sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}
