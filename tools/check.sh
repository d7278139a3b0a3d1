#!/usr/bin/env bash
# Everything a change must pass: formatting, clang-tidy, include ranks, file sizes, build, tests.
# `tools/check.sh --quick` leaves out clang-tidy and the sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
quick=${1:-}
failed=0
report() { echo "check: $1"; failed=1; }

mapfile -t cpp < <(git ls-files 'src/*.cpp' 'src/*.h' 'tests/*.cpp' 'tests/*.h' 'bench/*.cpp' 'examples/*.cpp' 'include/*.h')
clang-format --dry-run -Werror "${cpp[@]}" || report "files are not formatted: clang-format -i FILE"

tools/include_ranks.sh || report "an include goes against the ranks"

while read -r lines file; do
  ((lines <= 600)) || report "$file has $lines lines, the limit is 600: split it by idea"
done < <(git ls-files 'src/*' 'kernels/*' 'tests/*' 'tools/*' | grep -E '\.(cpp|h|c|sh|S|mjs)$' | xargs wc -l | awk '$2 != "total"')
while read -r size file; do
  ((size <= 1048576)) || report "$file is larger than 1 MB"
done < <(git ls-files -z | xargs -0 du -b | awk '{print $1, $2}')

tools/setup.sh all
if [[ $quick != --quick ]]; then
  # clang 14 does not take the headers of LibTorch 1.13 as C++20
  git ls-files 'src/*.cpp' | grep -vE '^src/(train|compress/finetune|cli/training)/' | xargs -P "$(nproc)" -n 4 clang-tidy -p build --quiet 2>/dev/null || report "clang-tidy has complaints"
fi
((failed == 0)) || exit 1
exec tools/test.sh ${quick:+--fast}
