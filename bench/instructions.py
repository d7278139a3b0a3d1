#!/usr/bin/env python3
"""Exact instruction counts of every model on every Cortex-M target, kept in bench/instructions.json.

    bench/instructions.py --update [MODEL...]   measure and write the file (all models, or those that are named)
    bench/instructions.py --check [--quick]     measure and compare: exit code 1 when a count has grown by more than 0.5 %,
                                                or estimated cycles exceed what was published for a board

A change that makes a network slower on purpose updates the file, so that the cost shows in review. --quick takes the int8
models of MLPerf Tiny on three targets. The models stand beside the repository; without them, or without the simulator, the
exit code is 77 (skipped). Models that a target cannot hold or an operator excludes have no count.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT.parent / "shared" / "models"
RECORD = ROOT / "bench" / "instructions.json"
TARGETS = ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
QUICK_TARGETS = ["cortex-m3", "cortex-m4", "cortex-m55"]
QUICK_MODELS = ["pretrainedResnet_quant", "kws_ref_model", "vww_96_int8", "ad01_int8"]
LIMIT = 1.005
# X-CUBE-AI 9.0 on an STM32L4R5 at 120 MHz, MLPerf Tiny v1.1 to v1.3: what the estimated cycles must stay below
PUBLISHED_TARGET = "cortex-m4"
PUBLISHED_CYCLES = {
    "pretrainedResnet_quant.tflite": 165.1e-3 * 120e6,
    "kws_ref_model.tflite": 43.2e-3 * 120e6,
    "vww_96_int8.tflite": 88.9e-3 * 120e6,
}


def measure(program, model, target):
    """The count (None where there is none), the estimated cycles, and why there are none."""
    command = [program, "measure", "--json", "-q", "--target", target, str(model)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 2:
        return None, None, run.stderr.splitlines()[0] if run.stderr else "refused"
    result = json.loads(run.stdout)
    if result["output_matches_oracle"] is False:
        sys.exit(f"{model.name} on {target}: the output differs from the oracle's")
    return result["instructions"], result["estimate"]["cycles"], ""


def measure_all(program, models, targets):
    pairs = [(m, t) for m in models for t in targets]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(pairs, pool.map(lambda pair: measure(program, *pair), pairs)))


def update(program, models):
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for model in models:  # each is written at once: the large ones take minutes
        counts = {}
        for (_, target), (count, _, why) in measure_all(program, [model], TARGETS).items():
            if count is None:
                print(f"{model.name} on {target}: no count ({why})")
            else:
                counts[target] = count
        record[model.name] = counts
        rows = [f"  {json.dumps(name)}: {json.dumps(record[name], sort_keys=True)}" for name in sorted(record) if record[name]]
        RECORD.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def check(program, models, targets):
    record = json.loads(RECORD.read_text())
    failed = 0
    for (model, target), (count, cycles, why) in measure_all(program, models, targets).items():
        published = PUBLISHED_CYCLES.get(model.name) if target == PUBLISHED_TARGET else None
        if published and cycles:
            failed += cycles > published
            print(f"{model.name} on {target}: {cycles / 1e6:.2f} M cycles estimated, X-CUBE-AI published {published / 1e6:.2f} M")
        recorded = record.get(model.name, {}).get(target)
        if recorded is None:
            continue
        if count is None or count > recorded * LIMIT:
            failed += 1
            print(f"{model.name} on {target}: {count} instructions, recorded {recorded} {why}")
        elif count * LIMIT < recorded:
            print(f"{model.name} on {target}: {count} instructions, recorded {recorded}: faster, update the file")
    if failed:
        sys.exit("more instructions or cycles than they may be; if that is meant: bench/instructions.py --update")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--update", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "build" / "mote"))
    parser.add_argument("models", nargs="*", help="names of model files")
    options = parser.parse_args()
    models = sorted(p for p in MODELS.rglob("*") if p.suffix in (".tflite", ".onnx"))
    if not models or not shutil.which("qemu-system-arm") or not shutil.which("arm-none-eabi-gcc"):
        print("skipped: no models beside the repository, or no simulator or compiler")
        sys.exit(77)
    if options.models:
        models = [m for m in models if m.name in options.models]
    if options.quick:
        models = [m for m in models if m.stem in QUICK_MODELS and m.suffix == ".tflite"]
    if options.update:
        update(options.program, models)
    else:
        check(options.program, models, QUICK_TARGETS if options.quick else TARGETS)


if __name__ == "__main__":
    main()
