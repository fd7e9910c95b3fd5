// Calls as code. The Python is run by a test of the server's beside real boto3.
import { describe, expect, test } from "vitest";
import { asBoto3, asCli, asCurl, bedrockCall, type BedrockCall } from "@/model/callCode";

const ATTRIBUTES = { "outcrop.aws.service": "bedrock-runtime", "outcrop.aws.operation": "Converse", "cloud.region": "eu-west-1" };
const MESSAGES = [{ role: "user", content: [{ text: `it's "so"\n` }, { image: { format: "png", source: { bytes: "YWJj" } } }] }];
const CONVERSE: BedrockCall = {
  service: "bedrock-runtime",
  operation: "Converse",
  region: "eu-west-1",
  arguments: { modelId: "amazon.nova-lite-v1:0", messages: MESSAGES, inferenceConfig: { temperature: 0.5 }, more: { a: true, b: null, c: [], d: {} } },
};
const INVOKE: BedrockCall = { ...CONVERSE, operation: "InvokeModel", arguments: { modelId: "arn:aws:x/y", accept: "application/json", body: { prompt: "it's" } } };

test("a span tells of a call where operation and content were kept", () => {
  expect(bedrockCall(ATTRIBUTES, { modelId: "m" })).toEqual({ ...CONVERSE, arguments: { modelId: "m" } });
  expect(bedrockCall({}, { modelId: "m" })).toBeNull();
  expect(bedrockCall(ATTRIBUTES, null)).toBeNull();
  expect(bedrockCall(ATTRIBUTES, ["m"])).toBeNull();
});

describe("boto3", () => {
  test("arguments are Python's, and bytes are bytes again", () => {
    expect(asBoto3(CONVERSE)).toBe(`import base64

import boto3

client = boto3.client("bedrock-runtime", region_name="eu-west-1")
response = client.converse(
    modelId="amazon.nova-lite-v1:0",
    messages=[
        {
            "role": "user",
            "content": [
                {
                    "text": "it's \\"so\\"\\n",
                },
                {
                    "image": {
                        "format": "png",
                        "source": {
                            "bytes": base64.b64decode("YWJj"),
                        },
                    },
                },
            ],
        },
    ],
    inferenceConfig={
        "temperature": 0.5,
    },
    more={
        "a": True,
        "b": None,
        "c": [],
        "d": {},
    },
)
print(response)`);
  });

  test("a body is JSON, and streams are read", () => {
    expect(asBoto3(INVOKE)).toContain('    body=json.dumps({\n        "prompt": "it\'s",\n    }),\n)\nprint(response["body"].read().decode())');
    expect(asBoto3({ ...CONVERSE, operation: "ConverseStream" })).toMatch(/client\.converse_stream\([^]*for event in response\["stream"\]:/);
    expect(asBoto3({ ...INVOKE, operation: "InvokeModelWithResponseStream" })).toMatch(/client\.invoke_model_with_response_stream\([^]*for event in response\["body"\]:/);
    expect(asBoto3({ ...CONVERSE, operation: "ApplyGuardrail" })).toContain("client.apply_guardrail(");
  });
});

describe("the AWS CLI", () => {
  test("takes arguments as JSON that the shell leaves alone", () => {
    const text = asCli(CONVERSE);
    expect(text).toMatch(/^aws bedrock-runtime converse --region eu-west-1 --cli-input-json "\$\(cat <<'JSON'\n\{/);
    expect(text).toMatch(/\}\nJSON\n\)"$/);
  });

  test("takes a model's body apart, and has no streams", () => {
    expect(asCli(INVOKE)).toBe(`aws bedrock-runtime invoke-model --region eu-west-1 --model-id arn:aws:x/y --accept application/json \\
  --cli-binary-format raw-in-base64-out --body "$(cat <<'JSON'
{
  "prompt": "it's"
}
JSON
)" \\
  /dev/stdout`);
    expect(asCli({ ...CONVERSE, operation: "ConverseStream" })).toBeNull();
  });
});

describe("curl", () => {
  test("signs, names the model in the address and leaves it out of the body", () => {
    const text = asCurl(CONVERSE) ?? "";
    expect(text).toContain("curl https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse ");
    expect(text).toContain("--aws-sigv4 aws:amz:eu-west-1:bedrock");
    expect(text).not.toContain("modelId");
    expect(asCurl(INVOKE)).toContain("/model/arn%3Aaws%3Ax%2Fy/invoke");
    expect(asCurl(INVOKE)).toContain("-H 'accept: application/json'");
  });

  test("does not guess the address of other operations", () => {
    expect(asCurl({ ...CONVERSE, operation: "ApplyGuardrail" })).toBeNull();
  });
});
