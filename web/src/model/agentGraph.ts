// A trace summed up as who called whom: agents, models, tools and the like, with how often, how long and how dear.
import { shortModel } from "./modelName";
import type { SpanKind } from "./spanKind";
import type { Span } from "./trace";
import type { SpanNode, SpanTree } from "./tree";

export interface Actor {
  key: string;
  kind: SpanKind;
  name: string;
  count: number;
  errors: number;
  /** The sum of the spans' durations; what ran at once counts each for itself. */
  timeNs: number;
  costUsd: number | null;
  inputTokens: number;
  outputTokens: number;
  /** In the order of the tree. */
  spanIds: readonly string[];
}

export interface Call {
  from: string;
  to: string;
  count: number;
  errors: number;
}

export interface AgentGraph {
  actors: readonly Actor[];
  calls: readonly Call[];
}

const TOOL_PREFIX = "execute_tool ";
// More actors of a kind than this are joined by what their names have in common.
const MANY = 12;

/** Functions are left out: what they call counts as called by whoever called them. Those at the top stay. */
export function agentGraph(tree: SpanTree): AgentGraph {
  const nameOf = namesFor(tree);
  const actors = new Map<string, Actor & { spanIds: string[] }>();
  const calls = new Map<string, Call>();
  const keys = new Map<SpanNode, string>();
  for (const node of tree.order) {
    const caller = node.parent ? keys.get(node.parent) : undefined;
    if (!isActor(node)) {
      if (caller !== undefined) keys.set(node, caller);
      continue;
    }
    const { span } = node;
    const name = nameOf(span);
    const key = `${span.kind}:${name}`;
    keys.set(node, key);
    const actor = actors.get(key) ?? { key, kind: span.kind, name, count: 0, errors: 0, timeNs: 0, costUsd: null, inputTokens: 0, outputTokens: 0, spanIds: [] };
    actors.set(key, actor);
    addTo(actor, span);
    if (caller === undefined) continue;
    const id = `${caller}\n${key}`;
    const call = calls.get(id) ?? { from: caller, to: key, count: 0, errors: 0 };
    calls.set(id, call);
    call.count += 1;
    if (span.status === "ERROR") call.errors += 1;
  }
  return { actors: [...actors.values()], calls: [...calls.values()] };
}

const isActor = ({ span, parent }: SpanNode): boolean => span.kind !== "function" || parent === null;

function addTo(actor: Actor & { spanIds: string[] }, span: Span): void {
  actor.count += 1;
  actor.timeNs += span.durationNs;
  actor.inputTokens += span.usage?.input ?? 0;
  actor.outputTokens += span.usage?.output ?? 0;
  if (span.costUsd !== null) actor.costUsd = (actor.costUsd ?? 0) + span.costUsd;
  if (span.status === "ERROR") actor.errors += 1;
  actor.spanIds.push(span.id);
}

function plainName(span: Span): string {
  if (span.model !== null && (span.kind === "model" || span.kind === "embedding")) return shortModel(span.model);
  return span.name.startsWith(TOOL_PREFIX) ? span.name.slice(TOOL_PREFIX.length) : span.name;
}

/** "step 1" to "step 330" are one actor, "step #", where there are too many to tell apart; and then all of a kind. */
function namesFor(tree: SpanTree): (span: Span) => string {
  const plain = new Map<SpanKind, Set<string>>();
  for (const node of tree.order) {
    if (!isActor(node)) continue;
    const names = plain.get(node.span.kind) ?? new Set();
    plain.set(node.span.kind, names.add(plainName(node.span)));
  }
  const forms = new Map<SpanKind, (name: string) => string>();
  for (const [kind, names] of plain) {
    if (names.size <= MANY) continue;
    const joined = new Set([...names].map(withoutNumbers));
    const kept = new Set([...joined].slice(0, MANY - 1));
    forms.set(kind, (name) => {
      const form = withoutNumbers(name);
      return joined.size <= MANY || kept.has(form) ? form : "…";
    });
  }
  return (span) => (forms.get(span.kind) ?? ((name) => name))(plainName(span));
}

const withoutNumbers = (name: string): string => name.replace(/\d+/g, "#");
