#!/usr/bin/env bash
# Checks that every folder of src/ includes only folders before it, and that kernels/ includes nothing from src/.
set -euo pipefail
cd "$(dirname "$0")/.."
declare -A may=(
  [base]="base" [ir]="base ir" [ops]="base ir ops" [format]="base ir ops format" [data]="base ir ops data" [run]="base ir ops run"
  [zoo]="base ir ops zoo"
  [compress]="base ir ops format data run zoo compress" [plan]="base ir ops format data run plan"
  [emit]="base ir ops format data run plan emit" [measure]="base ir ops format data run plan emit measure"
  [report]="base ir ops format data run zoo compress plan emit measure report"
  [api]="base ir ops format data run zoo compress plan emit measure report api"
  [cli]="base ir ops format data run zoo compress plan emit measure report cli"
)
bad=0
for folder in src/*/; do
  name=$(basename "$folder")
  allowed=${may[$name]:-}
  [[ -n $allowed ]] || { echo "$folder has no rank in tools/include_ranks.sh"; bad=1; continue; }
  while IFS=: read -r file line include; do
    used=$(sed -E 's/.*"([a-z_]+)\/.*/\1/' <<<"$include")
    [[ -d src/$used ]] || continue
    [[ " $allowed " == *" $used "* ]] || { echo "$file:$line: $name must not include $used"; bad=1; }
  done < <(grep -rnE '^#include "[a-z_]+/' "$folder" --include='*.h' --include='*.cpp' || true)
done
if grep -rnE '#include "(\.\./)*src/' kernels; then echo "kernels/ must not include src/"; bad=1; fi
exit $bad
