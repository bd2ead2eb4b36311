"""Compile the code that Brian2CUDA generates for the CPU, to run it where there is no GPU."""

import re
import subprocess
from pathlib import Path

HEADER = Path(__file__).with_name("cuda_on_cpu.h")

#: Headers of CUDA that generated code includes; each is replaced by `HEADER`.
HEADERS = ["cuda.h", "cuda_profiler_api.h", "curand.h", "curand_kernel.h"]
HEADERS += [
    f"thrust/{name}.h"
    for name in ("device_vector", "host_vector", "reduce", "sort", "system_error", "unique")
]

#: Names of kernels, and what comes after them.
KERNELS = re.compile(r"__global__ void (\w+)\((.*?)(?=__global__|\Z)", re.DOTALL)


def compile_for_cpu(directory, *flags):
    """Compile ``unity.cu`` in a folder to ``main``, with g++."""
    directory = Path(directory)
    for name in HEADERS:
        file = directory / "cpu" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#include "{HEADER}"\n')
    for file in directory.rglob("*.cu"):
        file.write_text(called(file.read_text()))
    command = ["g++", "-x", "c++", "-std=c++17", "-w", "-O1", "-ffp-contract=off", *flags]
    command += ["-include", str(HEADER), "-I", "cpu", "-I", ".", "unity.cu", "-o", "main"]
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    assert result.returncode == 0, "\n".join(errors[:20])


def called(code):
    """Turn kernel launches into calls: ``f<<<a, b>>>(c);`` into ``launch(Shape(a, b), f)(c);``."""
    code = re.sub(r"asm volatile\(.*\);", "(void)address;", code)
    code = re.sub(r"extern __shared__ (\w+) (\w+)\[\];", r"static \1 \2[SHARED/sizeof(\1)];", code)
    sharing = {name for name, body in KERNELS.findall(code) if "__shared__" in body}

    def call(launch):
        name, shape = launch.groups()
        in_turn = ".in_turn()" if name in sharing else ""
        return f"launch(Shape({shape}){in_turn}, [](auto... given) {{ {name}(given...); }})("

    return re.sub(r"(\w+)<<<((?:[^>]|->)*?)>>>\s*\(", call, code)
