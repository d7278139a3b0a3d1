#!/usr/bin/env bash
# Trains the example network from nothing and writes examples/glyphs/glyphs.onnx; some minutes on one core. Needs LibTorch.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in libtorch-dev libopenblas0-pthread; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
    { echo "error: install $package first: apt-get install libtorch-dev libopenblas0-pthread" >&2; exit 2; }
done
tools/setup.sh mote
cmake --preset release -B build/train -DMOTE_TRAIN=ON -DMOTE_TESTS=OFF >/dev/null
ninja -C build/train --quiet train_glyphs export_glyphs
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1
build/train/train_glyphs build/train/glyphs.npz
build/train/export_glyphs build/train/glyphs.npz examples/glyphs/glyphs.onnx
