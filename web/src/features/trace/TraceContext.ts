// The open trace, for what lies deep in its panes: links from a chat to a tool's span.
import { createContext, useContext } from "react";
import type { SpanTree } from "@/model/tree";

interface OpenTrace {
  tree: SpanTree;
  select: (spanId: string) => void;
}

export const TraceContext = createContext<OpenTrace | null>(null);

export function useOpenTrace(): OpenTrace {
  const open = useContext(TraceContext);
  if (!open) throw new Error("useOpenTrace outside of a TraceView");
  return open;
}
