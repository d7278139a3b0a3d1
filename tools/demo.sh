#!/usr/bin/env bash
# The whole flow on a small network: read, check, quantize after training, compile for a Cortex-M4, run in QEMU, report.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh mote
mote=build/mote
model=examples/glyphs/glyphs.onnx
out=build/demo
mkdir -p "$out"
say() { printf '\n\033[1m$ mote %s\033[0m\n' "$*"; "$mote" "$@"; }

say inspect "$model"
say run "$model" --data synth:glyphs
say quantize "$model" --data synth:glyphs --calibrate 200 -o "$out/glyphs_int8.onnx"
say run "$out/glyphs_int8.onnx" --data synth:glyphs
say compile "$out/glyphs_int8.onnx" --target cortex-m4 -o "$out/c" --name glyphs
say measure "$out/glyphs_int8.onnx" --target cortex-m4
echo
echo "The emitted C is in $out/c."
