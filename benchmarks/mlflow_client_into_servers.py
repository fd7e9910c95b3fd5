"""What does a real MLflow client cost Outcrop's server and MLflow's own, trace for trace?

The same program, an agent with four model calls and four tools a trace, in MLflow's client 3.17.2 and two
processes at a time, sends to one server and then to the other, three rounds in turn. The client itself takes
most of the time, so the servers' CPU is told beside the seconds. All traces are asked for afterwards, through
MLflow's API, at both. OUTCROP_BENCHMARK_TRACES says how many traces a process makes (400).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _servers_beside import MLFLOW, Mlflow, Outcrop, Running, Server
from peers import environment

TRACES = int(os.environ.get("OUTCROP_BENCHMARK_TRACES", "400"))
CLIENTS, ROUNDS, SPANS_A_TRACE = 2, 3, 9
PATIENCE_S = 600.0

PROGRAM = """
import sys, mlflow

mlflow.set_experiment(sys.argv[1])
WORDS = "The night train from Oslo leaves at 22:47 and has a sleeping car. " * 12

def agent(number):
    messages = [{"role": "user", "content": f"Question {number}: {WORDS}"}]
    with mlflow.start_span("agent", span_type="AGENT") as root:
        root.set_inputs({"question": messages[0]["content"]})
        for turn in range(4):
            with mlflow.start_span("chat", span_type="CHAT_MODEL") as span:
                model = "anthropic.claude-3-5-sonnet-20241022-v2:0"
                span.set_inputs({"modelId": model, "messages": list(messages)})
                answer = {"role": "assistant", "content": f"Turn {turn}: {WORDS}"}
                span.set_outputs({"output": {"message": answer}})
                usage = {"input_tokens": 900, "output_tokens": 200, "total_tokens": 1100}
                span.set_attribute("mlflow.chat.tokenUsage", usage)
            messages.append(answer)
            with mlflow.start_span("timetable", span_type="TOOL") as tool:
                tool.set_inputs({"from": "Oslo", "turn": turn})
                tool.set_outputs({"trains": WORDS})
        root.set_outputs(answer)

for number in range(int(sys.argv[2])):
    agent(number)
mlflow.flush_trace_async_logging(terminate=True)
"""


def send(running: Running, server: Server, experiment: str) -> tuple[float, float]:
    """Seconds until both clients have ended, and the server's CPU seconds for them."""
    python = environment("mlflow-server", (MLFLOW,))
    env = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.port}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # As a program in production would have it: what is made faster than it is sent waits.
        "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE": "100000",
    }
    cpu, began = running.cpu_s(), time.perf_counter()
    clients = [
        subprocess.Popen(  # noqa: S603
            [str(python), "-c", PROGRAM, f"{experiment}-{number}", str(TRACES)],
            env=env,
            stderr=subprocess.DEVNULL,
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        if client.wait(PATIENCE_S) != 0:
            sys.exit(f"{server.name}: a client ended with {client.returncode}")
    seconds = time.perf_counter() - began
    return seconds, running.cpu_s() - cpu


def count(running: Running, experiment: str) -> int:
    """How many traces the server has of both clients, as MLflow's own API tells."""
    found = 0
    for number in range(CLIENTS):
        path = f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={experiment}-{number}"
        _, answer = running.ask("GET", path, None, {}, PATIENCE_S)
        key = json.loads(answer)["experiment"]["experiment_id"]
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": key}}
        asked: dict[str, object] = {"locations": [place], "max_results": 500}
        while True:
            body = json.dumps(asked).encode()
            path, headers = "/api/3.0/mlflow/traces/search", {"Content-Type": "application/json"}
            _, answer = running.ask("POST", path, body, headers, PATIENCE_S)
            page = json.loads(answer)
            found += len(page.get("traces", []))
            if not page.get("next_page_token"):
                break
            asked["page_token"] = page["next_page_token"]
    return found


def main() -> None:
    """Prints seconds, CPU and what arrived, and the ratios."""
    spans = TRACES * CLIENTS * SPANS_A_TRACE
    cpu: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        servers: list[tuple[Server, Running]] = []
        for server in (Outcrop(), Mlflow()):
            place = Path(folder) / server.name
            place.mkdir()
            servers.append((server, server.start(place)[0]))
        try:
            for round_number in range(ROUNDS):
                for server, running in servers if round_number % 2 == 0 else reversed(servers):
                    experiment = f"/Shared/round-{round_number}"
                    seconds, used = send(running, server, experiment)
                    arrived = count(running, experiment)
                    cpu.setdefault(server.name, []).append(used)
                    print(
                        f"{server.name}: {seconds:.1f} s, {used:.2f} s of the server's CPU, "
                        f"{used / spans * 1e6:,.0f} us a span, {arrived} of {TRACES * CLIENTS} traces there",
                        flush=True,
                    )
        finally:
            for _, running in servers:
                running.stop()
    ours, theirs = cpu["Outcrop"], cpu["MLflow"]
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    print(f"MLflow's server takes {statistics.median(ratios):.1f} times the CPU ({spread})")


if __name__ == "__main__":
    main()
