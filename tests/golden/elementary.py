"""Writes elementary.json: float64 arguments and results of data/elementary as the hexadecimal digits of their bits.

Those that are correctly rounded come from mpmath with 2,400 bits. sinh, cosh and hypot follow their formulas in Python's float64 on such
exponentials. pow is the C library's: glibc 2.28 or later, on a processor with fused multiply-add.

python3 tests/golden/elementary.py > tests/golden/elementary.json   (mpmath 1.3.0, glibc 2.36, x86-64)
"""
import json
import math
import random
import struct

import mpmath as mp

mp.mp.prec = 2400
rng = random.Random(20250601)
LEAST, SMALLEST, MOST = 2.0**-1022, 2.0**-1074, 1.7976931348623157e308


def rounded(value):
    """The float64 nearest to a number; the division of whole numbers rounds once, subnormal or not."""
    sign, man, exponent, _ = mp.mpf(value)._mpf_
    try:
        size = man * 2**exponent / 1 if exponent >= 0 else man / 2**-exponent
    except OverflowError:
        size = math.inf
    return -size if sign else size


def exact(function):
    return lambda *values: rounded(function(*map(mp.mpf, values)))


exp, expm1 = exact(mp.exp), exact(mp.expm1)


def half_of_exponential(size, half):
    if size < 709.7822265625:
        return half * exp(size)
    root = exp(0.5 * size)
    return half * root * root


def sinh(x):
    size, half = abs(x), -0.5 if x < 0 else 0.5
    if size < 2.0**-28:
        return x
    if size >= 22:
        return half_of_exponential(size, half)
    t = expm1(size)
    return half * (2 * t - t * t / (t + 1)) if size < 1 else half * (t + t / (t + 1))


def cosh(x):
    size = abs(x)
    if size >= 22:
        return half_of_exponential(size, 0.5)
    if size < 0.34657:
        t = expm1(size)
        return 1 + t * t / (2 * (1 + t))
    return 0.5 * exp(size) + 0.5 / exp(size)


def hypot(x, y):
    most = max(abs(x), abs(y))
    return math.sqrt((x / most) ** 2 + (y / most) ** 2) * most


def anywhere(low, high):
    """A number of either sign, its logarithm uniform."""
    return rng.choice([-1, 1]) * 2 ** rng.uniform(low, high)


def some(draw, count=40):
    return [draw() for _ in range(count)]


positive = [1.0, 2.0, 10.0, 1e-5, 1000.0, math.e, SMALLEST, LEAST, MOST, 1 - 2.0**-53, 1 + 2.0**-52]
positive += some(lambda: rng.uniform(0, 3)) + some(lambda: 2 ** rng.uniform(-1074, 1023), 10)
angles = [1.0, math.pi, math.pi / 2, 6381956970095103 * 2.0**797, MOST, 1e22, 2.0**-30]
angles += some(lambda: rng.uniform(-30, 30)) + some(lambda: anywhere(-20, 60), 10)
parts = [1.0, -1.0, 0.5, -0.5, 1 - 2.0**-53, 2.0**-1000] + some(lambda: rng.uniform(-1, 1)) + some(lambda: anywhere(-25, 0), 8)
growing = [1.0, -1.0, 709.782712893384, 2.0**-54, -(2.0**-53), 7.541752774995959e-10]
growing += some(lambda: rng.uniform(-20, 20)) + some(lambda: anywhere(-20, 9.4), 10)
points = [(1.0, -0.0), (2.0**-54, 1 - 2.0**-53), (SMALLEST, 3.0), (1.0, MOST), (1e-300, -1e300)]
points += some(lambda: (rng.uniform(-2, 2), rng.uniform(-2, 2))) + some(lambda: (anywhere(-500, 500), anywhere(-500, 500)), 8)
powers = [(10.0, float(n)) for n in (-300, -20, -5, 15, 23, 300)] + [(0.9, 7.0), (0.999, 1000.0), (2.0, 1 / 3), (2.0, -1074.0)]
powers += [(1e6, 2 * i / 128) for i in (0, 1, 17, 63)] + [(-3.0, 33.0), (SMALLEST, 0.9), (0.5, 1073.7), (1.5, 1750.25)]
powers += some(lambda: (rng.uniform(0, 20), rng.uniform(-20, 20))) + some(lambda: (2 ** rng.uniform(-30, 30), rng.uniform(-3, 3)), 10)

cases = {
    "exp": (exp, [-745.0, -740.5, -708.5, -707.9] + growing),
    "expm1": (expm1, growing),
    "log": (exact(mp.log), positive),
    "log2": (exact(lambda x: mp.log(x) / mp.log(2)), positive),
    "log10": (exact(mp.log10), positive),
    "sin": (exact(mp.sin), angles),
    "cos": (exact(mp.cos), angles),
    "asin": (exact(mp.asin), parts),
    "acos": (exact(mp.acos), parts),
    "atan": (exact(mp.atan), [1.0, -1.0, MOST] + some(lambda: rng.uniform(-5, 5)) + some(lambda: anywhere(-20, 60), 10)),
    "atan2": (exact(mp.atan2), points),
    "sinh": (sinh, growing),
    "cosh": (cosh, growing),
    "hypot": (hypot, points[1:]),
    "pow": (math.pow, [(x, y) for x, y in powers if y not in (2.0, 0.5)]),
}


def bits(x):
    return struct.pack(">d", x).hex()


golden = {
    name: [[*map(bits, case if isinstance(case, tuple) else (case,)), bits(function(*(case if isinstance(case, tuple) else (case,))))] for case in listed]
    for name, (function, listed) in cases.items()
}
print("{\n" + ",\n".join(f'{json.dumps(name)}: [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in golden.items()) + "\n}")
