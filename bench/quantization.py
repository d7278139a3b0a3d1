#!/usr/bin/env python3
"""The tables of docs/quantization.md: every method trained, lowered, evaluated and measured.

    bench/quantization.py --run [GROUP...]   does what is missing of the groups (mnist glyphs cifar digits; all when none is named)
    bench/quantization.py --write            writes the page's tables from bench/quantization.json
    bench/quantization.py --check            exit code 1 when the page's tables are not those of bench/quantization.json

Every step leaves its model and its figures in build/quantization and is skipped when they are there, so a stopped run goes on
where it stopped; a training that was killed goes on from its last checkpoint.
"""
import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "bench" / "quantization.json"
PAGE = ROOT / "docs" / "quantization.md"
WORK = ROOT / "build" / "quantization"
DATA = ROOT.parent / "shared" / "data"
SEEDS = (1, 2, 3)

# One row of a table: a method, bits of weights and activations, and the options that differ from the group's.
Case = collections.namedtuple("Case", "method weights activations options", defaults=((),))
# What a group's networks are trained on and how: options of both commands, of mote train (`float`) and of mote quantize.
Group = collections.namedtuple("Group", "title model data common float quantize cases")


def grid():
    cases = [Case("percentile", 8, 8)]
    for method in ("dorefa", "pact", "lsq", "lsq_plus", "learned_interval"):
        cases += [Case(method, bits, bits) for bits in (8, 4, 3, 2)]
    for method in ("kmeans", "lq_nets", "apot", "inq", "soft"):
        cases += [Case(method, bits, 8) for bits in (4, 3)]
    cases += [Case(method, 2, 8) for method in ("kmeans", "lq_nets", "twn", "ttq", "discrete", "gumbel")]
    cases += [Case(method, 1, 8) for method in ("binary_connect", "discrete")]
    cases += [Case(method, 1, 1) for method in ("bnn", "xnor_net", "bi_real")]
    return cases


SMALL = "zoo:cnn?resolution=28&channels=1&width=16"
GROUPS = {
    "mnist": Group(
        "MNIST, `zoo:cnn`, 60,000 training and 10,000 test images",
        SMALL,
        str(DATA / "mnist"),
        ("--normalize", "scale=1/255", "--valid", "0.05"),
        ("--epochs", "4"),
        ("--epochs", "1"),
        grid(),
    ),
    "glyphs": Group(
        "synth:glyphs, `zoo:cnn`, 20,000 training and 4,000 test images",
        SMALL,
        "synth:glyphs",
        ("--normalize", "scale=1/255"),
        ("--epochs", "10"),
        ("--epochs", "2"),
        grid(),
    ),
    "cifar": Group(
        "CIFAR-10 (JPEG), `zoo:resnet8`, 45,000 training and 10,000 test images",
        "zoo:resnet8",
        str(DATA / "cifar10-jpeg.tar.gz"),
        ("--normalize", "scale=1/255,mean=0.4913:0.4821:0.4465,std=0.2452:0.2428:0.2606")
        + ("--valid", "0.1", "--augment", "flip,shift-crop=4"),
        ("--epochs", "60", "--weight-decay", "0.0002"),
        (),
        [
            Case("lsq", 8, 8, ("--epochs", "2")),
            Case("lsq", 4, 4, ("--epochs", "6")),
            Case("lsq", 3, 3, ("--epochs", "10")),
            Case("lsq", 2, 2, ("--epochs", "15")),
            Case("xnor_net", 1, 8, ("--epochs", "15")),
        ],
    ),
}


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def run(command):
    """The JSON that a mote command prints; the program stops with the command's own message when it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(c) for c in command)}\n{done.stderr}")
    return json.loads(done.stdout)


def step(folder, name, command, output):
    """Runs a command once: its figures stay in NAME.json beside its model."""
    figures = folder / f"{name}.json"
    if figures.exists():
        return json.loads(figures.read_text())
    say(f"{folder.name}/{name}")
    resume = ["--resume"] if (folder / f"{output}.checkpoint").exists() else []
    started = time.time()
    result = run([ROOT / "build" / "mote", *command, *resume, "--json", "-q"])
    result["seconds"] = round(time.time() - started, 1)
    temporary = figures.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=1))
    temporary.replace(figures)
    return result


def case_name(case, seed):
    options = "-".join(o.strip("-") for o in case.options if o.startswith("--mixed"))
    return f"{case.method}{'-' + options if options else ''}-{case.weights}-{case.activations}-{seed}"


def run_case(group, folder, seed, case):
    name = case_name(case, seed)
    quantize = ["quantize", folder / f"float-{seed}.mote", "--method", case.method, "--weights", case.weights]
    quantize += ["--activations", case.activations, "--data", group.data, "--seed", seed, "--test"]
    quantize += [*group.common, "--threads", 1, *group.quantize, *case.options, "-o", folder / f"{name}.onnx"]
    quantized = step(folder, name, quantize, f"{name}.onnx")
    measured = step(folder, f"{name}.cortex-m4", ["measure", folder / f"{name}.onnx", "--target", "cortex-m4"], "")
    if not measured["output_matches_oracle"]:
        sys.exit(f"{name}: the output on cortex-m4 differs from the oracle")
    return {
        "accuracy": quantized["accuracy"],
        "agreement": quantized["agreement"],
        "seconds": quantized["seconds"],
        "weights_bytes": measured["flash"]["weights_bytes"],
        "code_bytes": measured["flash"]["code_bytes"],
        "instructions": measured["instructions"],
    }


def run_group(name, record):
    group, folder = GROUPS[name], WORK / name
    if "/" in group.data and not pathlib.Path(group.data).exists():
        say(f"{name} left out: {group.data} is not there")
        return
    folder.mkdir(parents=True, exist_ok=True)
    floats, rows = [], collections.defaultdict(list)
    for seed in SEEDS:
        train = ["train", group.model, "--data", group.data, *group.common, *group.float, "--seed", seed]
        train += ["--threads", 1, "--test"]
        floats.append(step(folder, f"float-{seed}", [*train, "-o", folder / f"float-{seed}.mote"], f"float-{seed}.mote"))
        for case in group.cases:
            rows[case].append(run_case(group, folder, seed, case))
    baseline = step(folder, "float.cortex-m4", ["measure", folder / "float-1.mote", "--target", "cortex-m4"], "")
    record[name] = {
        "model": group.model,
        "float": {
            "accuracy": [f["accuracy"]["test"] for f in floats],
            "seconds": [f["seconds"] for f in floats],
            "weights_bytes": baseline["flash"]["weights_bytes"],
            "instructions": baseline["instructions"],
        },
        "cases": [
            {"method": c.method, "weights": c.weights, "activations": c.activations, "options": list(c.options), "seeds": runs}
            for c, runs in rows.items()
        ],
    }


def percent(values):
    """Mean and spread (largest less smallest) in points."""
    values = [100 * v for v in values]
    return f"{statistics.mean(values):.2f} ({max(values) - min(values):.2f})"


def table(group):
    lines = [
        "| method | bits W/A | simulated % | integer % | to float | classes agree % | weights, bytes | instructions | seconds |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    base = group["float"]
    lines.append(
        f"| float | 32/32 | {percent(base['accuracy'])} | | | | {base['weights_bytes']:,} | {base['instructions']:,} "
        f"| {statistics.mean(base['seconds']):.0f} |"
    )
    for case in group["cases"]:
        seeds = case["seeds"]
        integer = [s["accuracy"]["integer"] for s in seeds]
        lost = 100 * (statistics.mean(integer) - statistics.mean(base["accuracy"]))
        method = case["method"] + (" mixed" if "--mixed" in case["options"] else "")
        lines.append(
            f"| {method} | {case['weights']}/{case['activations']} | {percent([s['accuracy']['simulated'] for s in seeds])} "
            f"| {percent(integer)} | {lost:+.2f} | {100 * min(s['agreement'] for s in seeds):.2f} "
            f"| {round(statistics.mean(s['weights_bytes'] for s in seeds)):,} "
            f"| {round(statistics.mean(s['instructions'] for s in seeds)):,} "
            f"| {statistics.mean(s['seconds'] for s in seeds):.0f} |"
        )
    return lines


BEGIN, END = "<!-- quantization-tables begin -->\n", "<!-- quantization-tables end -->"


def page_with_tables(record):
    head, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    lines = []
    for name, group in record.items():
        lines += [f"### {GROUPS[name].title}", "", *table(group), ""]
    return head + BEGIN + "\n".join(lines) + END + tail


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs="*", metavar="GROUP", choices=GROUPS)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    if options.run is not None:
        for name in options.run or GROUPS:
            run_group(name, record)
            RECORD.write_text(json.dumps(record, indent=1) + "\n")
    if options.write:
        PAGE.write_text(page_with_tables(record))
    if options.check and PAGE.read_text() != page_with_tables(record):
        sys.exit("docs/quantization.md is not what bench/quantization.json says: bench/quantization.py --write")


if __name__ == "__main__":
    main()
