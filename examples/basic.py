"""One question to a model on Amazon Bedrock, traced."""

import boto3

import outcrop

outcrop.bedrock.autolog()
outcrop.set_experiment("/Shared/bedrock-tracing-demo")

client = boto3.client("bedrock-runtime", region_name="us-east-1")

response = client.converse(
    modelId="anthropic.claude-3-5-sonnet-20241022-v2:0",
    messages=[
        {
            "role": "user",
            "content": [{"text": "In two sentences: how does bedrock come to lie bare at the surface?"}],
        }
    ],
    inferenceConfig={"maxTokens": 512, "temperature": 0.1, "topP": 0.9},
)

for block in response["output"]["message"]["content"]:
    print(block.get("text", ""))
