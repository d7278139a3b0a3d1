#!/usr/bin/env bash
# Checks that every folder of src/ includes only folders before it, and that kernels/ includes nothing from src/.
set -euo pipefail
cd "$(dirname "$0")/.."
declare -A may=(
  [base]="base" [ir]="base ir" [ops]="base ir ops" [format]="base ir ops format" [data]="base ir ops data" [run]="base ir ops run"
  [zoo]="base ir ops zoo" [train]="base ir ops format data run zoo train"
  [compress]="base ir ops format data run zoo train compress" [plan]="base ir ops format data run plan"
  [emit]="base ir ops format data run plan emit" [measure]="base ir ops format data run plan emit measure"
  [report]="base ir ops format data run zoo train compress plan emit measure report"
  [api]="base ir ops format data run zoo train compress plan emit measure report api"
  [cli]="base ir ops format data run zoo train compress plan emit measure report cli"
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

# LibTorch stays below src/train and src/compress/finetune: its headers are read through train/torch.h alone, and no other folder
# includes a header that leads there.
if grep -rnE '#include <(torch|ATen|c10)/' src | grep -v '^src/train/torch.h:'; then
  echo "LibTorch is included through train/torch.h only"; bad=1
fi
with_torch=(train/torch.h)
for ((i = 0; i < ${#with_torch[@]}; ++i)); do
  while read -r header; do
    header=${header#src/}
    [[ " ${with_torch[*]} " == *" $header "* ]] || with_torch+=("$header")
  done < <(grep -rlF "#include \"${with_torch[i]}\"" src --include='*.h' || true)
  outside=$(grep -rlF "#include \"${with_torch[i]}\"" src | grep -vE '^src/(train|compress/finetune|cli/training)/' || true)
  [[ -z $outside ]] || { echo "$outside: includes ${with_torch[i]}, which leads to LibTorch"; bad=1; }
done

if grep -rnE '#include "(\.\./)*src/' kernels; then echo "kernels/ must not include src/"; bad=1; fi
exit $bad
