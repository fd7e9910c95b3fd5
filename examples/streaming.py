"""A streamed answer, traced: the span appears when the stream has been read."""

import boto3

import outcrop

outcrop.bedrock.autolog()
outcrop.set_experiment("/Shared/bedrock-tracing-demo")

client = boto3.client("bedrock-runtime", region_name="us-east-1")

response = client.converse_stream(
    modelId="anthropic.claude-3-5-sonnet-20241022-v2:0",
    messages=[
        {"role": "user", "content": [{"text": "Tell a very short story about a stone that learns to speak."}]}
    ],
    inferenceConfig={"maxTokens": 512, "temperature": 0.7},
)

for event in response["stream"]:
    if "contentBlockDelta" in event:
        print(event["contentBlockDelta"]["delta"].get("text", ""), end="", flush=True)
print()
