#!/usr/bin/env bash
# Runs ONNX node tests (folders with model.onnx and test_data_set_*, loose or in a tar) through the reader and the oracle:
#   tools/onnx_node_tests.sh DIR|TAR [--emitted]
# --emitted: float32 tests also run as emitted C on this computer. A line per failure, then "N passed, M failed, K skipped".
# Tests left out, each with its reason: tests/conformance/onnx_node/skips.txt.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[[ $# -ge 1 ]] || { sed -n '2,5p' "$0"; exit 2; }

build=${MOTE_BUILD:-$root/build}
[[ -f $build/build.ninja ]] || cmake -S "$root" --preset release -B "$build" -G Ninja >/dev/null
ninja -C "$build" --quiet onnx_node_tests
exec "$build/tests/onnx_node_tests" "$@" --skips "$root/tests/conformance/onnx_node/skips.txt"
