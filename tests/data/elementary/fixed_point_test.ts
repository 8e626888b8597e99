import assert from "node:assert/strict";
import { fusedMultiplyAdd } from "../../../data/elementary/double_double.ts";
import * as Fixed from "../../../data/elementary/fixed_point.ts";
import { bits, Key } from "../../../data/random.ts";

Deno.test("pi() and ln2() have the published digits, stored or not", () => {
  const digits = (units: bigint, at: number) => String(units * 10n ** 40n >> BigInt(at));
  for (const at of [200, 1536, 1700]) {
    assert.equal(digits(Fixed.pi(at), at), "31415926535897932384626433832795028841971");
    assert.equal(digits(Fixed.ln2(at), at), "6931471805599453094172321214581765680755");
  }
});

Deno.test("nearest() rounds ties to even, subnormals once, and too much to infinity", () => {
  const of = (units: bigint, at: number) => Fixed.nearest({ units, bits: at });
  assert.equal(of((1n << 53n) + 1n, 0), 2 ** 53);
  assert.equal(of((1n << 53n) + 3n, 0), 2 ** 53 + 4);
  assert.equal(of(-((1n << 54n) + 3n), 1), -(2 ** 53 + 2));
  assert.equal(of(1n, 1075), 0);
  assert.equal(of(3n, 1075), 2 * Number.MIN_VALUE);
  assert.equal(of((1n << 60n) + 1n, 1135), Number.MIN_VALUE);
  assert.equal(of(1n, -1024), Infinity);
  assert.equal(of(0n, 50), 0);
});

Deno.test("fusedMultiplyAdd() rounds a b + c once", () => {
  const key = Key.make(7);
  const at = 600;
  for (let i = 0; i < 20_000; i++) {
    const [a, b, c] = [0, 1, 2].map((j) =>
      (bits(key, 6 * i + j) - 2 ** 31 + bits(key, 6 * i + 3 + j) / 2 ** 32) / 2 ** 31
    );
    const product = Fixed.fixed(a, at) * Fixed.fixed(b, at);
    // Sums that nearly cancel, sums whose lesser part decides a tie, and those of any size.
    for (const term of [c, -a * b, c * 2 ** -60, c * 2 ** 53]) {
      const exact = Fixed.nearest({ units: product + (Fixed.fixed(term, at) << BigInt(at)), bits: 2 * at });
      assert.equal(fusedMultiplyAdd(a, b, term), exact, `${a} ${b} ${term}`);
    }
  }
});
