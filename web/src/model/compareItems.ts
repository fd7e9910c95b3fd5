// What is compared: traces, or single spans of them, as the address has it: `TRACE,TRACE:SPAN`.

export interface CompareItem {
  traceId: string;
  /** Null for the trace as a whole. */
  spanId: string | null;
}

/** As many as the server takes and a screen has room for. */
export const MOST_COMPARED = 10;

export function readItems(text: string | undefined): CompareItem[] {
  const items = (text ?? "").split(",").flatMap((part): CompareItem[] => {
    const [traceId = "", spanId] = part.trim().split(":");
    return traceId === "" ? [] : [{ traceId, spanId: spanId === undefined || spanId === "" ? null : spanId }];
  });
  const known = new Set<string>();
  // The same one twice says nothing.
  return items.filter((item) => !known.has(writeItem(item)) && known.add(writeItem(item))).slice(0, MOST_COMPARED);
}

export const writeItem = ({ traceId, spanId }: CompareItem): string => (spanId === null ? traceId : `${traceId}:${spanId}`);

export const writeItems = (items: readonly CompareItem[]): string => items.map(writeItem).join(",");
