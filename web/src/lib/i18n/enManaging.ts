// Words of experiments, settings and the first run, in English.

export const enManaging = {
  settings: "Settings",
};
