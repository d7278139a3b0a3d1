#!/usr/bin/env bash
# What threads gain on this computer: latency of a network with one thread and with N, in interleaved rounds.
#
#   bench/threads.sh [--threads N] [--rounds R] [MODEL...]
#
# Prints a Markdown table of the least latencies. Without models: ResNet-18 and MobileNetV2 of 8 bits with random weights,
# which bench_large_networks writes to build/networks.
set -euo pipefail
cd "$(dirname "$0")/.."
threads=$(nproc) rounds=5
while [[ ${1:-} == --* ]]; do
  case $1 in
    --threads) threads=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    *) sed -n '2,7p' "$0" >&2; exit 2 ;;
  esac
done
if (($# == 0)); then
  cmake --preset release -DMOTE_BENCH=ON >/dev/null
  cmake --build build --target mote bench_large_networks >&2
  [[ -f build/networks/mobilenet_v2_int8.onnx ]] || build/bench_large_networks build/networks
  set -- build/networks/resnet18_int8.onnx build/networks/mobilenet_v2_int8.onnx
fi
latency() { build/mote measure --json -q --target host --threads "$2" "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["measured_seconds"])'; }
echo "| network | 1 thread, ms | $threads threads, ms | faster |"
echo "|---|---:|---:|---:|"
for model in "$@"; do
  one=() many=()
  for ((i = 0; i < rounds; ++i)); do
    one+=("$(latency "$model" 1)") many+=("$(latency "$model" "$threads")")
  done
  python3 -c '
import sys
name, one, many = sys.argv[1], *(min(map(float, text.split())) for text in sys.argv[2:])
print(f"| {name} | {one * 1e3:.2f} | {many * 1e3:.2f} | {one / many:.2f} |")' "$(basename "$model")" "${one[*]}" "${many[*]}"
done
