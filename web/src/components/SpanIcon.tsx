// The icon and hue of a kind of span: the same in lists, tree, waterfall and charts.
import {
  IconDatabaseSearch,
  IconFunction,
  IconRobot,
  IconShieldCheck,
  IconSparkles,
  IconTool,
  IconVectorTriangle,
  type Icon,
} from "@tabler/icons-react";
import type { SpanKind } from "@/model/spanKind";

const ICONS: Record<SpanKind, Icon> = {
  model: IconSparkles,
  tool: IconTool,
  agent: IconRobot,
  retrieval: IconDatabaseSearch,
  embedding: IconVectorTriangle,
  guardrail: IconShieldCheck,
  function: IconFunction,
};

export const hueOf = (kind: SpanKind): string => `var(--kind-${kind})`;

export function SpanIcon({ kind, type, size = 15 }: { kind: SpanKind; type: string; size?: number }) {
  const Shape = ICONS[kind];
  return <Shape size={size} stroke={1.7} color={hueOf(kind)} data-tip={type} aria-hidden style={{ flex: "none" }} />;
}
