// Words of experiments, settings and the first run, in Japanese.
import type { enManaging } from "./enManaging";

export const jaManaging: typeof enManaging = {
  settings: "設定",
};
