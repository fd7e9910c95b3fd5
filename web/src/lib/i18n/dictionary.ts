// The type that every language must fill: English decides which keys there are.
import type { en } from "./en";

export type Dictionary = typeof en;
export type Language = "en" | "ja";
