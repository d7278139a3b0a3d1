#!/usr/bin/env bash
# Measures networks on a target and prints a Markdown table: instructions, flash split, RAM.
#
#   bench/networks.sh [--target T] [--optimize speed|size] MODEL...
set -euo pipefail
cd "$(dirname "$0")/.."
target=cortex-m4 optimize=speed
while [[ ${1:-} == --* ]]; do
  case $1 in
    --target) target=$2; shift 2 ;;
    --optimize) optimize=$2; shift 2 ;;
    *) sed -n '2,4p' "$0" >&2; exit 2 ;;
  esac
done
(($#)) || { sed -n '2,4p' "$0" >&2; exit 2; }
echo "| network | instructions | per MAC | code flash | weights flash | arena | stack | equal to the oracle |"
echo "|---|---:|---:|---:|---:|---:|---:|---|"
for model in "$@"; do
  macs=$(build/mote inspect --json "$model" | python3 -c 'import json,sys; print(json.load(sys.stdin)["macs"])')
  build/mote measure --json -q --target "$target" --optimize "$optimize" "$model" |
    python3 -c '
import json, sys
m = json.load(sys.stdin)
name, macs = sys.argv[1], int(sys.argv[2])
number = lambda x: "-" if x is None else f"{x:,}"
count = m["instructions"]
per_mac = "-" if count is None or not macs else f"{count / macs:.2f}"
print("| " + " | ".join([name, number(count), per_mac, number(m["flash"]["code_bytes"]), number(m["flash"]["weights_bytes"]),
      number(m["ram"]["arena_bytes"]), number(m["ram"]["stack_bytes"]), str(m["output_matches_oracle"]).lower()]) + " |")' \
      "$(basename "$model")" "$macs"
done
