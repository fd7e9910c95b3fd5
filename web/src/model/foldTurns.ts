// Which turns of a conversation fold away, so that what is new in this call is seen first.
import type { Turn } from "./conversation";

export type Section = { kind: "turn"; turn: Turn } | { kind: "fold"; key: "earlier" | "between"; turns: readonly Turn[] };

const FEW_EARLIER = 2;
const FEW_BETWEEN = 8;
const KEPT_LAST = 3;

/** Folds what came before the last question, and the middle of a long run of steps after it. */
export function foldTurns(sent: readonly Turn[]): Section[] {
  const question = lastQuestion(sent);
  const earlier = sent.slice(0, question);
  const rest = sent.slice(question);
  const sections: Section[] =
    earlier.length > FEW_EARLIER ? [{ kind: "fold", key: "earlier", turns: earlier }] : earlier.map(turnSection);
  if (rest.length <= FEW_BETWEEN) return [...sections, ...rest.map(turnSection)];
  const [first, ...steps] = rest;
  if (first) sections.push(turnSection(first));
  sections.push({ kind: "fold", key: "between", turns: steps.slice(0, -KEPT_LAST) });
  return [...sections, ...steps.slice(-KEPT_LAST).map(turnSection)];
}

const turnSection = (turn: Turn): Section => ({ kind: "turn", turn });

/** The last thing that a user said, as against a tool's result in a user's message. */
function lastQuestion(sent: readonly Turn[]): number {
  for (let i = sent.length - 1; i >= 0; i--) {
    const turn = sent[i];
    if (turn?.role === "user" && turn.items.some((item) => item.kind !== "result")) return i;
  }
  return Math.max(sent.length - 1, 0);
}
