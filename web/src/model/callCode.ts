// A Bedrock call as code that makes it again: boto3, the AWS CLI, and curl. Pure.

type Json = Readonly<Record<string, unknown>>;

export interface BedrockCall {
  /** As boto3 names it, such as `bedrock-runtime`. */
  service: string;
  /** As AWS names it, such as `ConverseStream`. */
  operation: string;
  region: string | null;
  /** The arguments, binary ones in base64. */
  arguments: Json;
}

/** The call that a span's attributes and inputs tell of; null if it was none, or its content was not kept. */
export function bedrockCall(attributes: Json, inputs: unknown): BedrockCall | null {
  const service = attributes["outcrop.aws.service"];
  const operation = attributes["outcrop.aws.operation"];
  const region = attributes["cloud.region"];
  if (typeof service !== "string" || typeof operation !== "string" || !isObject(inputs)) return null;
  return { service, operation, region: typeof region === "string" ? region : null, arguments: inputs };
}

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

const REGION = "us-east-1";
const snake = (name: string): string => name.replace(/(?<!^)([A-Z])/g, "_$1").toLowerCase();
const kebab = (name: string): string => snake(name).replaceAll("_", "-");

// The members of a Converse message's blocks that are bytes.
const isBytes = (key: string, value: unknown): value is string => key === "bytes" && typeof value === "string";

export function asBoto3({ service, operation, region, arguments: given }: BedrockCall): string {
  const isInvoke = operation.startsWith("InvokeModel");
  const { body, ...rest } = given;
  const hasBody = isInvoke && body !== undefined && typeof body !== "string";
  const values = Object.entries(hasBody ? rest : given).map(([key, value]) => `    ${key}=${python(value, 1)},`);
  if (hasBody) values.push(`    body=json.dumps(${python(body, 1)}),`);
  const text = values.join("\n");
  const imports = [text.includes("base64.b64decode(") && "import base64", hasBody && "import json"].filter(Boolean);
  const name = operation === "InvokeModelWithResponseStream" ? "invoke_model_with_response_stream" : snake(operation);
  return [
    ...imports,
    ...(imports.length > 0 ? [""] : []),
    "import boto3",
    "",
    `client = boto3.client(${JSON.stringify(service)}, region_name=${JSON.stringify(region ?? REGION)})`,
    `response = client.${name}(`,
    text,
    ")",
    ...reading(operation),
  ].join("\n");
}

function reading(operation: string): string[] {
  if (operation === "ConverseStream") return ['for event in response["stream"]:', "    print(event)"];
  if (operation === "InvokeModelWithResponseStream") return ['for event in response["body"]:', "    print(event)"];
  if (operation === "InvokeModel") return ['print(response["body"].read().decode())'];
  return ["print(response)"];
}

/** A value as Python: strings and numbers of JSON are Python's too. */
function python(value: unknown, depth: number, key = ""): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (isBytes(key, value)) return `base64.b64decode(${JSON.stringify(value)})`;
  const [inner, outer] = ["    ".repeat(depth + 1), "    ".repeat(depth)];
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${inner}${python(each, depth + 1)},`).join("\n")}\n${outer}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${python(each, depth + 1, name)},`);
    return members.length === 0 ? "{}" : `{\n${members.join("\n")}\n${outer}}`;
  }
  return JSON.stringify(value);
}

const shellQuoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

// A quoted here-document: the shell changes nothing of it, and no line of indented JSON is this word alone.
const fromHere = (value: unknown): string => `"$(cat <<'JSON'\n${typeof value === "string" ? value : JSON.stringify(value, null, 2)}\nJSON\n)"`;

/** Null where the CLI has no such command: it does not read streams of events. */
export function asCli({ service, operation, region, arguments: given }: BedrockCall): string | null {
  if (operation.endsWith("Stream")) return null;
  const start = `aws ${service} ${kebab(operation)} --region ${shellQuoted(region ?? REGION)}`;
  if (operation !== "InvokeModel") return `${start} --cli-input-json ${fromHere(given)}`;
  const { body, modelId, ...rest } = given;
  const options = Object.entries({ modelId, ...rest })
    .filter(([, value]) => typeof value === "string")
    .map(([name, value]) => `--${kebab(name)} ${shellQuoted(String(value))}`);
  return [`${start} ${options.join(" ")} \\`, `  --cli-binary-format raw-in-base64-out --body ${fromHere(body ?? {})} \\`, "  /dev/stdout"].join("\n");
}

const PATHS: Readonly<Record<string, string>> = {
  Converse: "converse",
  ConverseStream: "converse-stream",
  InvokeModel: "invoke",
  InvokeModelWithResponseStream: "invoke-with-response-stream",
};

/** Null for operations of which the address is not known here. */
export function asCurl({ service, operation, region, arguments: given }: BedrockCall): string | null {
  const path = PATHS[operation];
  const { modelId, body, accept, contentType, ...rest } = given;
  if (service !== "bedrock-runtime" || path === undefined || typeof modelId !== "string") return null;
  const where = region ?? REGION;
  const address = `https://bedrock-runtime.${where}.amazonaws.com/model/${encodeURIComponent(modelId)}/${path}`;
  const headers = [`content-type: ${typeof contentType === "string" ? contentType : "application/json"}`];
  if (typeof accept === "string") headers.push(`accept: ${accept}`);
  return [
    `curl ${shellQuoted(address)} \\`,
    `  --aws-sigv4 ${shellQuoted(`aws:amz:${where}:bedrock`)} --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\`,
    `  -H "x-amz-security-token: $AWS_SESSION_TOKEN" \\`,
    ...headers.map((header) => `  -H ${shellQuoted(header)} \\`),
    `  --data-binary ${fromHere(operation.startsWith("Invoke") ? (body ?? {}) : rest)}`,
  ].join("\n");
}
