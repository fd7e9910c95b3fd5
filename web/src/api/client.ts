// Requests to the server that this page came from. A refusal becomes a RequestError in plain words.
import type { components, paths } from "./generated/schema";

type Problem = components["schemas"]["Problem"];
export type FilterFault = components["schemas"]["FilterFault"];
type Path = keyof paths;
type Answer<P extends Path> = paths[P]["get"] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export class RequestError extends Error {
  constructor(
    message: string,
    /** The HTTP status; 0 if the server did not answer. */
    readonly status: number,
    /** Of a filter that cannot be understood. */
    readonly fault: FilterFault | null = null,
  ) {
    super(message);
    this.name = "RequestError";
  }
}

interface Options {
  path?: Record<string, string>;
  query?: Record<string, string | number | readonly string[] | undefined>;
  signal: AbortSignal;
}

export async function get<P extends Path>(path: P, { path: parts = {}, query = {}, signal }: Options): Promise<Answer<P>> {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value as readonly string[]) search.append(key, each);
    else if (value !== undefined) search.set(key, String(value));
  }
  const url = search.size > 0 ? `${filled}?${search}` : filled;
  const response = await send(url, signal);
  if (!response.ok) throw await refusalOf(response);
  return (await response.json()) as Answer<P>;
}

type Method = "POST" | "PUT" | "PATCH" | "DELETE";

/** Changes something on the server. */
export async function change(method: Method, path: string, body?: object): Promise<void> {
  await changed(method, path, body);
}

/** The same, where the answer says something; or a question that is too long for an address. */
export async function changeFor<Body>(method: Method, path: string, body?: object): Promise<Body> {
  return (await (await changed(method, path, body)).json()) as Body;
}

/** An answer that is a file, and what is said of it. */
export async function fetchFile(path: string, body: object): Promise<{ file: Blob; headers: Headers }> {
  const response = await changed("POST", path, body);
  return { file: await response.blob(), headers: response.headers };
}

async function changed(method: Method, path: string, body?: object): Promise<Response> {
  let response: Response;
  try {
    const written = body && { body: JSON.stringify(body), headers: { "content-type": "application/json", accept: "application/json" } };
    response = await fetch(path, { method, ...written });
  } catch {
    throw new RequestError("", 0);
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

/** Ends the browser's session. */
export async function signOut(): Promise<void> {
  const response = await fetch("/api/session", { method: "DELETE" });
  if (!response.ok) throw await refusalOf(response);
}

async function send(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, headers: { accept: "application/json" } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new RequestError("", 0);
  }
}

async function refusalOf(response: Response): Promise<RequestError> {
  const plain = `${response.status} ${response.statusText}`.trim();
  try {
    const { title, detail, filter_fault: fault } = (await response.json()) as Partial<Problem>;
    return new RequestError([title, detail].filter(Boolean).join(": ") || plain, response.status, fault ?? null);
  } catch {
    return new RequestError(plain, response.status);
  }
}
