# Read by first_light_1.sh and first_light_2.sh: runs parts one after the other, each within its limit and whatever the one before did.
# A part's lines of JSON on stdout become figures of $summary; the rest goes to $log. Every part ends with a line of its own.
out=${OUT:-runs/first_light}
most=${FIRST_LIGHT_SECONDS:-290}
size=${FIRST_LIGHT_SIZE:-gpu}
mkdir -p "$out"
summary=$out/$script.ndjson
log=$out/$script.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: > "$summary"
: > "$log"
if [ -x .gpu/run ]; then signum="sh .gpu/run"; else signum=deno; fi
python=${SIGNUM_PYTHON:-python3}

# part NAME LIMIT COMMAND...: LIMIT in seconds; less where the script's own time ends before.
part() {
  local name=$1 limit=$2 left begun status outcome
  shift 2
  left=$((most - SECONDS))
  [ "$limit" -gt "$left" ] && limit=$left
  if [ "$limit" -lt 3 ]; then
    printf '{"part":"%s","seconds":0,"outcome":"no time left"}\n' "$name" | tee -a "$summary"
    return 0
  fi
  begun=$(date +%s%N)
  echo "== $name: $*" >> "$log"
  timeout -k 2 "$limit" "$@" > "$scratch/figures" 2>> "$log"
  status=$?
  case $status in 0) outcome=ok ;; 124 | 137) outcome=timeout ;; *) outcome="failed, exit $status" ;; esac
  sed -n "s/^{.*}\$/{\"part\":\"$name\",\"figure\":&}/p" "$scratch/figures" >> "$summary"
  grep -v '^{' "$scratch/figures" >> "$log"
  printf '{"part":"%s","seconds":%s,"outcome":"%s"}\n' "$name" "$((($(date +%s%N) - begun) / 1000000))e-3" "$outcome" |
    tee -a "$summary"
  return 0
}

# torch_part NAME LIMIT ARGUMENT...: tests/bench/torch_compare.py, or one line that says why not.
torch_part() {
  local name=$1 limit=$2
  shift 2
  if [ "$size" = gpu ] && "$python" -c 'import torch; assert torch.cuda.is_available()' 2> /dev/null; then
    part "$name" "$limit" "$python" tests/bench/torch_compare.py "$@" --out "$out/$name.csv"
  else
    printf '{"part":"%s","seconds":0,"outcome":"skipped: no PyTorch that sees a GPU"}\n' "$name" | tee -a "$summary"
  fi
}
