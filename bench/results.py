#!/usr/bin/env python3
"""The tables of the README: measured, kept in bench/results.json, written into the page.

    bench/results.py --measure          networks on Cortex-M cores in QEMU, in every aim (needs ../shared/models)
    bench/results.py --peers FILE       takes over what bench/peers.sh --json FILE has timed
    bench/results.py --write            writes the README's tables from bench/results.json
    bench/results.py --check            exit code 1 when the README's tables are not those of bench/results.json
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "bench" / "results.json"
README = ROOT / "README.md"
MODELS = ROOT.parent / "shared" / "models" / "mlperf-tiny"
NETWORKS = {
    "ic01": "pretrainedResnet_quant.tflite",
    "kws01": "kws_ref_model.tflite",
    "vww01": "vww_96_int8.tflite",
    "ad01": "ad01_int8.tflite",
}
# TensorFlow Lite Micro 90b983c2 with CMSIS-NN 4ab83cc3, arm-none-eabi-gcc 12.2 (core -Os, kernels -O2), counted in
# QEMU 7.2: instructions, code bytes (linked image less an empty main less the model file), arena bytes; file bytes.
PEER = {
    "cortex-m4": {
        "ic01": (29863480, 49968, 54996),
        "kws01": (7697760, 52164, 22820),
        "vww01": (24101520, 52164, 100708),
        "ad01": (582880, 26828, 2580),
    },
    "cortex-m55": {
        "ic01": (4911000, 49968, 55028),
        "kws01": (1813531, 52164, 27348),
        "vww01": (6557938, 52164, 100772),
        "ad01": (149938, 26828, 9268),
    },
    "cortex-m3": {
        "ic01": (41846760, 49968, 54996),
        "kws01": (10532440, 52164, 22820),
        "vww01": (31959000, 52164, 100708),
        "ad01": (955880, 26828, 2580),
    },
}
PEER_FILES = {"ic01": 98496, "kws01": 53936, "vww01": 333288, "ad01": 276976}
RUNS = [("cortex-m4", aim) for aim in ("speed", "balanced", "size", "ram")]
RUNS += [("cortex-m4", "ram, streamed input"), ("cortex-m55", "speed"), ("cortex-m3", "speed")]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def measure(target, aim, model):
    command = [ROOT / "build" / "mote", "measure", "--json", "-q", "--target", target, "--optimize", aim.split(",")[0]]
    if "streamed" in aim:
        command.append("--stream-input")
    run = subprocess.run([*command, MODELS / model], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{model} on {target}, {aim}: {run.stderr}")
    m = json.loads(run.stdout)
    if not m["output_matches_oracle"]:
        sys.exit(f"{model} on {target}, {aim}: the output differs from the oracle")
    return {
        "instructions": m["instructions"],
        "code_bytes": m["flash"]["code_bytes"],
        "weights_bytes": m["flash"]["weights_bytes"],
        "arena_bytes": m["ram"]["arena_bytes"],
        "cycles": m["estimate"]["cycles"],
    }


def measure_all(record):
    record["cortex"] = {
        "compiler": output("arm-none-eabi-gcc", "--version").split("\n")[0],
        "simulator": output("qemu-system-arm", "--version").split("\n")[0],
        "runs": [
            {"target": target, "aim": aim, "networks": {n: measure(target, aim, f) for n, f in NETWORKS.items()}}
            for target, aim in RUNS
        ],
    }


def take_peers(record, path):
    timed = json.loads(pathlib.Path(path).read_text())
    for network in timed["networks"]:
        for contender in network["contenders"]:
            del contender["rounds_microseconds"]
    record["x86"] = timed


def geomean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values))


def ratios(run):
    """By network: instructions, code, code and constants, arena, each over the peer's."""
    result = {}
    for name, m in run["networks"].items():
        instructions, code, arena = PEER[run["target"]][name]
        flash = (m["code_bytes"] + m["weights_bytes"]) / (code + PEER_FILES[name])
        result[name] = (m["instructions"] / instructions, m["code_bytes"] / code, flash, m["arena_bytes"] / arena)
    return result


def cortex_tables(record):
    speed = record["cortex"]["runs"][0]
    lines = [
        "| network | instructions | TFLM + CMSIS-NN | code flash, bytes | TFLM + CMSIS-NN | estimated cycles |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, m in speed["networks"].items():
        instructions, code, _ = PEER["cortex-m4"][name]
        lines.append(
            f"| {name} | {m['instructions']:,} | {instructions:,} | {m['code_bytes']:,} | {code:,} | {m['cycles']:,.0f} |"
        )
    lines += [
        "",
        "Over TFLM + CMSIS-NN on the same core, geometric mean of the four networks (smaller is better):",
        "",
        "| core | `--optimize` | instructions | code flash | all flash | RAM arena |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for run in record["cortex"]["runs"]:
        means = [geomean(column) for column in zip(*ratios(run).values())]
        figures = " | ".join(f"{mean:.2f}" for mean in means)
        lines.append(f"| {run['target']} | {run['aim']} | {figures} |")
    return "\n".join(lines)


def x86_table(record):
    x86 = record["x86"]
    lines = [
        f"One core of {x86['provenance']['processor']}, medians of {x86['provenance']['rounds']} interleaved rounds, "
        f"{x86['provenance']['date']}:",
        "",
        "| network | mote, microseconds | fastest peer | microseconds | times faster |",
        "|---|---:|---|---:|---:|",
    ]
    for network in x86["networks"]:
        own, *peers = network["contenders"]
        best = min(peers, key=lambda c: c["median_microseconds"])
        lines.append(
            f"| {network['network']} | {own['median_microseconds']:.1f} | {best['contender']} {best['file']} | "
            f"{best['median_microseconds']:.1f} | {network['ratio_to_best_peer']:.2f} |"
        )
    return "\n".join(lines)


def page(record):
    text = README.read_text()
    for name, table in (("cortex", cortex_tables(record)), ("x86", x86_table(record))):
        start, end = f"<!-- results: {name} -->\n", f"<!-- end of results: {name} -->"
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = before + start + "\n" + table + "\n\n" + end + after
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--peers", metavar="FILE")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    if options.measure:
        measure_all(record)
    if options.peers:
        take_peers(record, options.peers)
    if options.measure or options.peers:
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    if options.write:
        README.write_text(page(record))
    if options.check and page(record) != README.read_text():
        sys.exit("the README's tables are stale: run bench/results.py --write")


main()
