#!/usr/bin/env bash
# All that device "cuda" has to show on a machine with an NVIDIA GPU, without a network.
#
#   make gpu-wheels                      beforehand, where there is a network: the folder of wheels
#   benchmarks/on_gpu.sh [a b c d e f]   on the machine: all steps, or those that are named
#   benchmarks/on_gpu.sh --dry-run       without a GPU: programs are compiled and run on the CPU
#
# The machine has nvcc, and python3 (or $PYTHON) is Python 3.12 with PyTorch. Everything else is
# installed from the wheels into a folder of its own. Results go to $OUT (gpu-results/ unless set)
# as they come, so what is finished when time runs out is a result:
#
#   a  one night: compiled, run, compared with C++             d  the other tests that need a GPU
#   b  the same nights as C++, in float64, then float32        e  compute-sanitizer, small networks
#   c  speed at 1,200, 4,000 and 16,000 hidden neurons         f  speed at 32,000
#
# SECONDS_a=60 and the like change the limit of a step, SPEED_OPTIONS="--sizes 1200" what step c
# measures (benchmarks/gpu.py --help). Ends with 1 if a step failed.
set -uo pipefail
cd "$(dirname "$0")/.."

dry=
if [ "${1:-}" = --dry-run ]; then dry=1; shift; fi
steps=${*:-a b c d e f}
OUT=$(mkdir -p "${OUT:-gpu-results}" && cd "${OUT:-gpu-results}" && pwd)
machine_python=${PYTHON:-python3}
wheels=${GPU_WHEELS:-gpu-wheels}
work=$(mktemp -d "${TMPDIR:-/tmp}/on-gpu-XXXXXX")
trap 'rm -rf "$work"' EXIT
python=$work/env/bin/python
failed=0
cores=$(nproc)
started=$(date +%s)
: > "$OUT/log.txt"
: > "$OUT/summary.txt"

say() { echo "$*" | tee -a "$OUT/summary.txt"; }

# step NAME SECONDS COMMAND: runs it under its limit; all that it prints goes to the log.
step() {
    local name=$1 limit=$2 begun status result
    shift 2
    begun=$(date +%s)
    echo "===== $name: $*" >> "$OUT/log.txt"
    timeout --kill-after=5 "$limit" "$@" >> "$OUT/log.txt" 2>&1
    status=$?
    case $status in
        0) result=ok ;;
        124 | 137) result="out of time (limit $limit s)"; failed=1 ;;
        *) result="FAILED with status $status"; failed=1 ;;
    esac
    say "$name: $result, $(($(date +%s) - begun)) s"
    return $status
}

wanted() { case " $steps " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

limit() { local name=SECONDS_$1; echo "${!name:-$2}"; }

tests() { "$python" -m pytest -p no:cacheprovider -p no:benchmark -q --durations=8 "$@"; }

# On as many cores as there are: compiling takes most of the time.
tests_on_all() { tests -n "$((cores < 16 ? cores : 16))" --dist worksteal "$@"; }

export PYTHONUNBUFFERED=1 PYTHONPATH="$PWD"
export BRAINSLEEP_CACHE="$work/cache"
mkdir -p "$work/cache"

# An environment of its own, which also sees what the machine's Python has, PyTorch above all.
make_environment() {
    set -e
    "$machine_python" -m venv --without-pip "$work/env"
    "$machine_python" -m pip --python "$python" install -q --disable-pip-version-check \
        --no-index --no-deps --no-cache-dir "$wheels"/*.whl
    "$machine_python" - "$(echo "$work"/env/lib/python*/site-packages)/machine.pth" <<'EOF'
import site, sys
folders = [folder for folder in sys.path if folder.endswith("-packages")]
open(sys.argv[1], "w").writelines(f"import site; site.addsitedir({f!r})\n" for f in folders)
EOF
}
export -f make_environment tests tests_on_all
export machine_python python wheels work cores

if ! step environment 120 bash -c make_environment
then
    say "no environment: make gpu-wheels first, and see $OUT/log.txt"
    exit 1
fi
step versions 60 "$python" benchmarks/first_gpu_night.py --versions ${dry:+--dry-run} || exit 1
sed -n '/^===== versions/,$p' "$OUT/log.txt" | tail -n +2

gpu_tests=tests/devices/test_gpu.py
if [ -n "$dry" ]; then
    same="tests/devices/test_cuda_on_cpu.py -k 'published_algorithm or order_of_threads'"
    sizes='--dry-run --sizes 100 --steps-factor 0.05 --repeats 1'
    others="--collect-only -m gpu $gpu_tests tests/night/test_batched.py"
    sanitizer="--collect-only $gpu_tests -k sanitizer"
else
    same="$gpu_tests -k 'one_program or test_same_as_cpp or other_models or single_precision'"
    sizes=${SPEED_OPTIONS:---sizes 1200 4000 --steps-factor 0.5 --repeats 3}
    others="-m gpu $gpu_tests tests/night/test_batched.py -v -k 'hundred or drawn or a_gpu'"
    sanitizer="$gpu_tests -k sanitizer"
fi
large='--sizes 16000 --repeats 1' largest='--sizes 32000 --spikes 60 --repeats 1'

wanted a && step "a: one night" "$(limit a 60)" \
    "$python" benchmarks/first_gpu_night.py ${dry:+--dry-run}
wanted b && step "b: as C++" "$(limit b 200)" bash -c "tests_on_all $same"
wanted c && step "c: speed" "$(limit c 150)" \
    "$python" benchmarks/gpu.py $sizes --output "$OUT"
if wanted c && [ -z "$dry" ]; then
    mkdir -p "$OUT/large"
    step "c: speed at 16,000" "$(limit c 210)" "$python" benchmarks/gpu.py $large --output "$OUT/large"
fi
wanted d && step "d: other tests" "$(limit d 240)" bash -c "tests_on_all $others"
wanted e && step "e: sanitizer" "$(limit e 180)" bash -c "tests_on_all $sanitizer"
if wanted f && [ -z "$dry" ]; then
    mkdir -p "$OUT/largest"
    step "f: speed at 32,000" "$(limit f 240)" \
        "$python" benchmarks/gpu.py $largest --output "$OUT/largest"
fi
say "in all: $(($(date +%s) - started)) s"
exit $failed
