// The parts of a span's payload that can be had by themselves, and which of them holds what.

export interface PayloadPart {
  name: string;
  sizeBytes: number;
  contentType: string;
  /** Where the server has its bytes. */
  path: string;
  /** Put together by the server, as a stream's answer is, instead of captured as it is. */
  isDerived: boolean;
}

const HOLDERS = { inputs: ["request-body", "inputs"], outputs: ["response-body", "outputs"] } as const;

/** The part that holds all of a member; null if there is none. */
export function partOf(member: keyof typeof HOLDERS, parts: readonly PayloadPart[]): PayloadPart | null {
  for (const name of HOLDERS[member]) {
    const part = parts.find((each) => each.name === name);
    if (part) return part;
  }
  return null;
}

const ENDINGS: Readonly<Record<string, string>> = { "application/json": "json", "application/x-protobuf": "otlp" };

/** What a downloaded part is called. */
export const fileName = (spanId: string, part: PayloadPart): string => `${spanId}-${part.name}.${ENDINGS[part.contentType] ?? "bin"}`;
