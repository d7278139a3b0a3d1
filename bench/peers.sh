#!/usr/bin/env bash
# Networks on this computer's processor, one core: mote beside ONNX Runtime and TensorFlow Lite, in one interleaved run.
#
#   bench/peers.sh [MODELS] [--rounds N] [--cpu N] [--json FILE]
#
# MODELS: a folder with mlperf-tiny/*.tflite and onnx/*.onnx (default ../shared/models). Needs npm, which installs the peers'
# libraries (pinned in bench/peers/package.json) into build/peers; their install scripts do not run.
set -euo pipefail
cd "$(dirname "$0")/.."
models=../shared/models
[[ ${1:-} && ${1:-} != --* ]] && { models=$1; shift; }
command -v npm >/dev/null || { echo "bench/peers.sh: npm is missing (apt install npm)" >&2; exit 2; }
[[ -d $models/mlperf-tiny ]] || { echo "bench/peers.sh: no models in $models" >&2; exit 2; }
cmake --preset release -DMOTE_BENCH=ON >/dev/null
cmake --build build --target bench_peers >&2
if [[ ! -d build/peers/node_modules ]]; then
  mkdir -p build/peers
  cp bench/peers/package.json build/peers/
  (cd build/peers && npm install --ignore-scripts --no-audit --no-fund >&2)
fi
tiny=$models/mlperf-tiny onnx=$models/onnx
contenders() {  # NETWORK INT8 FLOAT ONNX_PREFIX
  echo "$1" "mote:$tiny/$2" "ort:$onnx/$4_u8s8_qdq.onnx" "ort:$onnx/$4_s8s8_qdq.onnx" "ort:$onnx/$4_f32.onnx" \
    "tflite:$tiny/$2" "tflite-xnnpack:$tiny/$2" "tflite-xnnpack:$tiny/$3"
}
float_contenders() {
  echo "$1" "mote:$tiny/$2" "ort:$onnx/$3_f32.onnx" "tflite-xnnpack:$tiny/$2"
}
# kws01's float file keeps 8-bit weights, which XNNPACK does not take: its float network is the ONNX one
build/bench_peers --modules build/peers/node_modules "$@" \
  $(contenders ic01 pretrainedResnet_quant.tflite pretrainedResnet.tflite ic01) \
  -- $(contenders kws01 kws_ref_model.tflite kws_ref_model_float32.tflite kws01) \
  -- $(contenders vww01 vww_96_int8.tflite vww_96_float.tflite vww01) \
  -- $(contenders ad01 ad01_int8.tflite ad01_fp32.tflite ad01) \
  -- $(float_contenders "ic01-float" pretrainedResnet.tflite ic01) \
  -- "kws01-float" "mote:$onnx/kws01_f32.onnx" "ort:$onnx/kws01_f32.onnx" \
  -- $(float_contenders "vww01-float" vww_96_float.tflite vww01) \
  -- $(float_contenders "ad01-float" ad01_fp32.tflite ad01)
