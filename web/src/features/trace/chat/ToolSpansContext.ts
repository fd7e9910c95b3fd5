// The spans that ran the tools of the chat on show, by the number of the call.
import { createContext } from "react";
import type { Span } from "@/model/trace";

export const ToolSpansContext = createContext<ReadonlyMap<number, Span>>(new Map());
