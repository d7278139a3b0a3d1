#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang and runs each on its seeds:
#   tools/fuzz.sh [SECONDS] [TARGET...]       300 seconds each, all targets
# What a run finds (new inputs, its log, the input that failed) stays in build/fuzz/finds/TARGET; an input that failed belongs
# into tests/fuzz/corpus/TARGET with its fix. Exit code 1 when a target crashed, took 5 s for one input, or used over 1 GiB.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-300}
[[ $seconds =~ ^[0-9]+$ ]] || { sed -n '2,5p' "$0"; exit 2; }
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
  for source in "$root"/tests/fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done
fi

build=${MOTE_FUZZ_BUILD:-$root/build/fuzz}
[[ -f $build/build.ninja ]] || cmake -S "$root" --preset release -B "$build" -G Ninja -DMOTE_FUZZ=ON \
  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ >/dev/null
ninja -C "$build" --quiet "${targets[@]/#/fuzz_}"

# The memory limit is meant for the reader: keep what the sanitizer remembers of past inputs small.
export ASAN_OPTIONS=quarantine_size_mb=32:malloc_context_size=6:allocator_release_to_os_interval_ms=1000
export UBSAN_OPTIONS=print_stacktrace=1

failed=0
for target in "${targets[@]}"; do
  finds=$build/finds/$target
  mkdir -p "$finds/inputs"
  if "$build/fuzz/fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=5 \
      -print_final_stats=1 -artifact_prefix="$finds/" "$finds/inputs" "$root/tests/fuzz/corpus/$target" \
      >"$finds/log" 2>&1; then
    echo "$target: clean, $(sed -n 's/^stat::number_of_executed_units: *//p' "$finds/log") executions," \
      "coverage $(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$finds/log" | tail -1)"
  else
    echo "$target: FAILED, see $finds/log"
    failed=1
  fi
done
exit $failed
