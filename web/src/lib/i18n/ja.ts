// What the page says, in Japanese, joined from its parts.
import type { Dictionary } from "./dictionary";
import { jaBase } from "./ja.base";
import { jaFinding } from "./ja.finding";
import { jaManaging } from "./ja.managing";
import { jaTrace } from "./ja.trace";

export const ja: Dictionary = { ...jaFinding, ...jaManaging, ...jaBase, ...jaTrace };
