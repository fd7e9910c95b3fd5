// A conversation as plain text, to hold one against another.
import { prettyJson } from "@/lib/json";
import { plainResponse, type Message, type Part } from "./conversation";

export const transcript = (messages: readonly Message[]): string =>
  messages.map(({ role, parts }) => [`${role}:`, ...parts.map(partText)].join("\n")).join("\n\n");

export const partsText = (parts: readonly Part[]): string => parts.map(partText).join("\n");

function partText(part: Part): string {
  switch (part.type) {
    case "text":
      return asText(part.content);
    case "reasoning":
      return `[reasoning] ${asText(part.content)}`;
    case "tool_call":
      return `→ ${asText(part.name)} ${asText(part.arguments)}`;
    case "tool_call_response":
      return `← ${asText(plainResponse(part.response))}`;
    case "blob":
    case "uri":
      return `[${[part.mime_type ?? part.modality, part.name, part.uri].filter((each) => typeof each === "string").join(" ")}]`;
    default:
      return prettyJson(part);
  }
}

const asText = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : prettyJson(value));
