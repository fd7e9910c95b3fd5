// What the page says, in English, joined from its parts. Japanese (ja.ts) must have every key: types enforce it.
// No key may stand in two parts, for the later one would win silently: a test enforces it.
import { enBase } from "./en.base";
import { enFinding } from "./en.finding";
import { enManaging } from "./en.managing";
import { enTrace } from "./en.trace";

export const en = { ...enFinding, ...enManaging, ...enBase, ...enTrace };
