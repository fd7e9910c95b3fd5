// Agents at a glance: who called whom in this trace, how often, how long and how dear. A click goes from span to span
// of an actor; arrows go from actor to actor.
import { useMemo, useRef, type KeyboardEvent } from "react";
import { hueOf, SpanIcon } from "@/components/SpanIcon";
import { cx } from "@/lib/cx";
import { formatCost, formatCount, formatDuration } from "@/lib/format";
import { useSpeech } from "@/lib/i18n/language";
import { agentGraph } from "@/model/agentGraph";
import { BOX, layoutGraph, neighbour, type Direction, type PlacedActor, type PlacedCall } from "@/model/graphLayout";
import type { SpanTree } from "@/model/tree";
import styles from "./AgentGraph.module.css";

interface Props {
  tree: SpanTree;
  selected: string | null;
  onSelect: (spanId: string) => void;
}

const LEAST = 0.75;
const ARROWS: Readonly<Record<string, Direction>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export default function AgentGraph({ tree, selected, onSelect }: Props) {
  const { t } = useSpeech();
  const layout = useMemo(() => layoutGraph(agentGraph(tree)), [tree]);
  const box = useRef<SVGSVGElement>(null);
  const most = Math.max(1, ...layout.actors.map(({ timeNs }) => timeNs));
  const go = (actor: PlacedActor) => {
    const at = selected === null ? -1 : actor.spanIds.indexOf(selected);
    const next = actor.spanIds[(at + 1) % actor.spanIds.length];
    if (next !== undefined) onSelect(next);
  };
  const press = (event: KeyboardEvent, actor: PlacedActor) => {
    const direction = ARROWS[event.key];
    if (event.key === "Enter" || event.key === " ") go(actor);
    else if (direction && !event.shiftKey) {
      const next = neighbour(layout, actor, direction);
      const place = next && layout.actors.indexOf(next);
      if (place !== null) box.current?.querySelectorAll<SVGGElement>("[role=button]")[place]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.pane}>
      <svg
        ref={box}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        // As large as it is where there is room, and no smaller than can be read.
        style={{ width: `max(${Math.round(layout.width * LEAST)}px, min(100%, ${layout.width}px))` }}
        role="group"
        aria-label={t.agentGraph}
        className={styles.graph}
      >
        <defs>
          <marker id="call" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse" markerUnits="userSpaceOnUse">
            <path d="M0 0.5 8 4 0 7.5z" className={styles.tip} />
          </marker>
        </defs>
        {layout.calls.map((call) => (
          <Line key={`${call.from}\n${call.to}`} call={call} />
        ))}
        {layout.actors.map((actor) => (
          <Box key={actor.key} actor={actor} share={actor.timeNs / most} isChosen={selected !== null && actor.spanIds.includes(selected)} onClick={() => go(actor)} onKeyDown={(event) => press(event, actor)} />
        ))}
      </svg>
    </div>
  );
}

function Line({ call }: { call: PlacedCall }) {
  const { language } = useSpeech();
  return (
    <g aria-hidden>
      <path d={call.path} className={cx(styles.line, call.errors > 0 && styles.failedLine)} strokeWidth={1 + Math.min(Math.log10(call.count), 3)} markerEnd="url(#call)" />
      {call.count > 1 && (
        <text x={call.at.x} y={call.at.y} className={styles.count}>
          {formatCount(call.count, language)}×
        </text>
      )}
    </g>
  );
}

interface BoxProps {
  actor: PlacedActor;
  /** Its time as a share of the most. */
  share: number;
  isChosen: boolean;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

const LETTERS = 22;

function Box({ actor, share, isChosen, onClick, onKeyDown }: BoxProps) {
  const { t, language } = useSpeech();
  const count = (n: number) => formatCount(n, language);
  const facts = [t.calls(actor.count, count(actor.count)), formatDuration(actor.timeNs)];
  const money = [actor.costUsd === null ? "" : formatCost(actor.costUsd, language), actor.inputTokens + actor.outputTokens === 0 ? "" : `${count(actor.inputTokens)} → ${count(actor.outputTokens)}`].filter(Boolean);
  const failed = actor.errors > 0 ? t.failedCount(actor.errors, count(actor.errors)) : "";
  const label = [actor.name, ...facts, ...money, failed].filter(Boolean).join(", ");
  return (
    <g
      role="button"
      tabIndex={0}
      aria-label={label}
      aria-pressed={isChosen}
      data-tip={label.replaceAll(", ", "\n")}
      transform={`translate(${actor.x} ${actor.y})`}
      className={cx(styles.box, isChosen && styles.chosen)}
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      <rect width={BOX.width} height={BOX.height} rx={6} />
      <g transform="translate(10 9)">
        <SpanIcon kind={actor.kind} type="" />
      </g>
      <text x={31} y={21} className={cx(styles.name, actor.errors > 0 && styles.failed)}>
        {actor.name.length > LETTERS ? `${actor.name.slice(0, LETTERS - 1)}…` : actor.name}
      </text>
      <text x={10} y={38} className={styles.facts}>{facts.join(" · ")}</text>
      <text x={10} y={52} className={styles.facts}>
        {failed !== "" && <tspan className={styles.failed}>{failed}{money.length > 0 && " · "}</tspan>}
        {money.join(" · ")}
      </text>
      <rect y={BOX.height - 3} width={Math.max(BOX.width * share, 3)} height={3} className={styles.share} style={{ fill: hueOf(actor.kind) }} />
    </g>
  );
}
