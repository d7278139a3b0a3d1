#!/usr/bin/env bash
# Sets everything up and runs the whole test suite: release build, then the same tests under the address and undefined-behaviour
# sanitizers. `tools/test.sh --fast` leaves the sanitizers out.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh all
ctest --test-dir build --output-on-failure -j "$(nproc)"
[[ ${1:-} == --fast ]] && exit 0

[[ -f build/asan/build.ninja ]] || cmake --preset asan >/dev/null
ninja -C build/asan --quiet
ctest --test-dir build/asan --output-on-failure -j "$(nproc)"
