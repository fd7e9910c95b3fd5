// A model call as a document: turns whose items can be shown, each tool call beside its result.
import { isRecord } from "@/lib/json";
import { readCitations, type Citation } from "./citations";

export type Part = Readonly<Record<string, unknown>>;

export interface Message {
  role: string;
  parts: readonly Part[];
  finishReason: string | null;
}

export interface ToolDefinition {
  name: string;
  description: string | null;
  parameters: unknown;
}

export interface Chat {
  system: readonly Part[];
  messages: readonly Message[];
  output: readonly Message[];
  tools: readonly ToolDefinition[];
  parameters: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  id: string | null;
  response: unknown;
  isFailure: boolean;
}

export interface ToolCall {
  /** The call's number within the chat, in the order in which calls were made. */
  index: number;
  id: string | null;
  name: string;
  arguments: unknown;
  origin: "sent" | "answer";
}

export interface Media {
  modality: string;
  mimeType: string | null;
  name: string | null;
  /** Where it lies elsewhere. */
  uri: string | null;
  /** Where the server has its bytes; null where they are not whole. */
  held: { path: string; sizeBytes: number; contentType: string } | null;
}

export type Item =
  | { kind: "text"; text: string; citations: readonly Citation[]; isGuarded: boolean }
  | { kind: "cachePoint" }
  | { kind: "reasoning"; text: string | null; isRedacted: boolean }
  | { kind: "call"; call: ToolCall; result: ToolResult | null }
  | { kind: "result"; result: ToolResult }
  | { kind: "media"; media: Media }
  | { kind: "unknown"; value: unknown };

type ReadItem = Item | { kind: "pending"; part: Part };

export interface Turn {
  key: string;
  role: string;
  items: readonly Item[];
  finishReason: string | null;
}

export interface Conversation {
  system: readonly Item[];
  sent: readonly Turn[];
  answer: readonly Turn[];
  calls: readonly ToolCall[];
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** What a provider's own tool was asked or gave, without the word that says which tool it is. */
function served(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "type"));
}

function resultOf(part: Part): ToolResult {
  // The conventions say `response`; some senders write `result`.
  const response = "response" in part ? part.response : "result" in part ? part.result : served(part.server_tool_call_response);
  return { id: text(part.id), response, isFailure: part.status === "error" };
}

const RESULTS: ReadonlySet<unknown> = new Set(["tool_call_response", "server_tool_call_response"]);

/** The results of a chat by the id of their call. Those without an id go to calls without one, in order. */
class Results {
  private readonly byId = new Map<string, ToolResult[]>();
  private readonly taken = new Set<Part>();
  private readonly parts = new Map<ToolResult, Part>();

  constructor(messages: readonly Message[]) {
    for (const part of messages.flatMap((message) => message.parts)) {
      if (!RESULTS.has(part.type)) continue;
      const result = resultOf(part);
      this.parts.set(result, part);
      const key = result.id ?? "";
      this.byId.set(key, [...(this.byId.get(key) ?? []), result]);
    }
  }

  take(id: string | null): ToolResult | null {
    const result = this.byId.get(id ?? "")?.shift();
    if (!result) return null;
    const part = this.parts.get(result);
    if (part) this.taken.add(part);
    return result;
  }

  isTaken(part: Part): boolean {
    return this.taken.has(part);
  }
}

/** Reads a chat: pairs calls with results, and leaves out messages that held results alone. */
export function readConversation(chat: Chat): Conversation {
  const results = new Results(chat.messages);
  // Tools that the provider runs itself answer within the answer.
  const answered = new Results(chat.output);
  const calls: ToolCall[] = [];
  const read = (messages: readonly Message[], origin: ToolCall["origin"], from: Results): { message: Message; items: ReadItem[] }[] =>
    messages.map((message) => ({ message, items: message.parts.map((part) => readPart(part, origin, from, calls)) }));
  // Calls take their results first; only then is it known which results stand alone.
  const sent = read(chat.messages, "sent", results);
  const answer = read(chat.output, "answer", answered);
  return {
    system: chat.system.map((part) => settle(readPart(part, "sent", results, calls), results)).filter((item) => item !== null),
    sent: turns(sent, "m", results),
    answer: turns(answer, "a", answered),
    calls,
  };
}

function settle(item: ReadItem, results: Results): Item | null {
  if (item.kind !== "pending") return item;
  return results.isTaken(item.part) ? null : { kind: "result", result: resultOf(item.part) };
}

function turns(read: readonly { message: Message; items: ReadItem[] }[], prefix: string, results: Results): Turn[] {
  return read.flatMap(({ message, items }, i) => {
    const settled = items.map((item) => settle(item, results)).filter((item) => item !== null);
    if (settled.length === 0 && message.parts.length > 0) return [];
    return [{ key: `${prefix}${i}`, role: message.role, items: settled, finishReason: message.finishReason }];
  });
}

/** One part as an item; a tool's result is left pending until every call has looked for its own. */
function readPart(part: Part, origin: ToolCall["origin"], results: Results, calls: ToolCall[]): ReadItem {
  switch (part.type) {
    case "text":
      return typeof part.content === "string"
        ? { kind: "text", text: part.content, citations: readCitations(part.citations), isGuarded: part.guard !== undefined && part.guard !== null }
        : unknownItem(part);
    case "reasoning":
      return { kind: "reasoning", text: text(part.content), isRedacted: part.redacted !== undefined && part.redacted !== null };
    case "tool_call":
    case "server_tool_call":
      return callItem(part, origin, results, calls);
    case "tool_call_response":
    case "server_tool_call_response":
      return { kind: "pending", part };
    case "blob":
    case "uri":
      return mediaItem(part);
    default:
      return unknownItem(part);
  }
}

function callItem(part: Part, origin: ToolCall["origin"], results: Results, calls: ToolCall[]): Item {
  const call: ToolCall = { index: calls.length, id: text(part.id), name: text(part.name) ?? "", arguments: part.arguments ?? served(part.server_tool_call), origin };
  calls.push(call);
  return { kind: "call", call, result: origin === "sent" || call.id !== null ? results.take(call.id) : null };
}

function mediaItem(part: Part): Item {
  const uri = part.type === "uri" ? text(part.uri) : null;
  const held = part.type === "blob" ? heldMedia(part.media) : null;
  // Bytes that are not whole stay what they are, text in their place.
  if (uri === null && held === null && typeof part.content !== "string") return unknownItem(part);
  return { kind: "media", media: { modality: text(part.modality) ?? "document", mimeType: text(part.mime_type), name: text(part.name), uri, held } };
}

/** What the server says of bytes that it has; an address of anyone else is none of them. */
function heldMedia(media: unknown): Media["held"] {
  if (!isRecord(media) || typeof media.path !== "string" || !media.path.startsWith("/api/traces/")) return null;
  return { path: media.path, sizeBytes: Number(media.size_bytes), contentType: text(media.content_type) ?? "" };
}

/** What no renderer knows keeps its value; the wrapper of a `generic` part says nothing. */
function unknownItem(part: Part): Item {
  if (isCachePoint(part)) return { kind: "cachePoint" };
  return { kind: "unknown", value: part.type === "generic" && "value" in part ? part.value : part };
}

/** Only the plain one: a cache point that says more is shown as it is. */
function isCachePoint({ type, value }: Part): boolean {
  if (type !== "generic" || !isRecord(value) || Object.keys(value).length !== 1 || !isRecord(value.cachePoint)) return false;
  return value.cachePoint.type === "default" && Object.keys(value.cachePoint).length === 1;
}

/** What a tool gave back, unwrapped as far as it says the same: one text part is its text. */
export function plainResponse(response: unknown): unknown {
  if (!Array.isArray(response)) return response;
  const [only] = response as unknown[];
  if (response.length !== 1 || !isRecord(only)) return response;
  if (only.type === "text" && typeof only.content === "string") return only.content;
  if (only.type === "generic" && "value" in only) return only.value;
  const keys = Object.keys(only);
  if (keys.length === 1 && (keys[0] === "text" || keys[0] === "json")) return only[keys[0]];
  return response;
}

/** The parts of a tool's result as items, if that is what it holds; null for text and plain JSON. */
export function responseItems(response: unknown): readonly Item[] | null {
  if (!Array.isArray(response) || response.length === 0) return null;
  const parts = (response as unknown[]).filter((part): part is Part => isRecord(part) && typeof part.type === "string");
  if (parts.length !== response.length) return null;
  return readConversation({ system: parts, messages: [], output: [], tools: [], parameters: {} }).system;
}
