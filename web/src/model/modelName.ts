// Model ids as people say them: `us.anthropic.claude-3-5-sonnet-20241022-v2:0` is `sonnet 3.5 v2`.

const REGION = /^(us|eu|apac|jp|au|ca|sa|me|af|in|kr|mx|il|global|us-gov)\./;

/** ARNs whose last part is a model id. The rest end in a name or id of the user's own, which stays as it is. */
const NAMES_A_MODEL = /:(foundation-model|inference-profile|default-prompt-router)\//;

/** A short name for a model id or ARN. What it cannot read it gives back as it is. */
export function shortModel(id: string): string {
  const name = id.startsWith("arn:") ? id.slice(id.lastIndexOf("/") + 1) : id;
  if (name !== id && !NAMES_A_MODEL.test(id)) return name || id;
  const withoutRegion = name.replace(REGION, "");
  const dot = withoutRegion.indexOf(".");
  const bare = dot < 0 ? withoutRegion : withoutRegion.slice(dot + 1);
  const { stem, version } = cutVersion(bare);
  const words = stem.split("-").filter((word) => !/^20\d{6}$/.test(word));
  const short = joinDigits(words);
  const ordered = short[0] === "claude" ? claude(short.slice(1)) : dropRepeatedVendor(short, withoutRegion.slice(0, Math.max(dot, 0)));
  return [...ordered, ...version].join(" ") || stem || id;
}

/** `-v1:0` says nothing; later versions are kept. */
function cutVersion(bare: string): { stem: string; version: string[] } {
  const match = /-v(\d+)(:\d+)*(:\w+)?$/.exec(bare);
  if (!match) return { stem: bare.replace(/:\d+$/, ""), version: [] };
  const number = match[1] ?? "1";
  return { stem: bare.slice(0, match.index), version: number === "1" ? [] : [`v${number}`] };
}

/** `3`, `5` beside each other are a version: `3.5`. */
function joinDigits(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (/^\d{1,2}$/.test(word) && last !== undefined && /\d$/.test(last) && !last.includes(".")) joined[joined.length - 1] = `${last}.${word}`;
    else joined.push(word);
  }
  return joined;
}

/** `3.5 sonnet` and `sonnet 4.5` both put the family first. */
function claude(words: readonly string[]): string[] {
  const [first, second] = words;
  if (first !== undefined && second !== undefined && /^[\d.]+$/.test(first)) return [second, first, ...words.slice(2)];
  return [...words];
}

function dropRepeatedVendor(words: readonly string[], vendor: string): string[] {
  return words.length > 1 && words[0] === vendor ? words.slice(1) : [...words];
}

/** A span's name without the model id that follows the operation: `chat {model}` is `chat`. */
export function spanLabel(name: string, model: string | null): string {
  if (model !== null && name.endsWith(model) && name.length > model.length) return name.slice(0, -model.length).trimEnd() || name;
  return name;
}

/** A model call's span name with its model as people say it: `chat {model}` is `chat sonnet 3.5 v2`. */
export function shortOperation(name: string): string {
  const [operation = "", model, ...rest] = name.split(" ");
  // Model ids name their vendor before a dot, or are ARNs.
  return model !== undefined && rest.length === 0 && /^(arn:|[a-z0-9-]+\.)/.test(model) ? `${operation} ${shortModel(model)}` : name;
}
