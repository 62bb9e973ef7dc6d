/**
 * @file exp and log with the same bits on every engine. The language leaves the last bits of Math.exp and Math.log to
 * the engine; these use only + - * / and exact powers of two. Within 2 units in the last place of the true value.
 */

const LOG2_HIGH = 0.6931471803691238; // its product with an exponent is exact
const LOG2_LOW = 1.9082149292705877e-10;
const bits = new DataView(new ArrayBuffer(8));

/** e^x for x in [-700, 700]. */
export function exp(x: number): number {
  const exponent = Math.round(x / Math.LN2);
  const rest = x - exponent * LOG2_HIGH - exponent * LOG2_LOW; // in [-0.35, 0.35]
  let series = 1;
  for (let n = 14; n > 0; n--) series = 1 + (series * rest) / n;
  return series * powerOfTwo(exponent);
}

/** Natural logarithm of a positive, normal, finite x. */
export function log(x: number): number {
  bits.setFloat64(0, x);
  let exponent = (bits.getUint32(0) >>> 20) - 1023;
  let mantissa = x / powerOfTwo(exponent); // in [1, 2)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const ratio = (mantissa - 1) / (mantissa + 1); // log(mantissa) = 2 artanh(ratio), |ratio| < 0.172
  const square = ratio * ratio;
  let series = 0;
  for (let n = 23; n > 1; n -= 2) series = square * (1 / n + series);
  return exponent * LOG2_HIGH + (exponent * LOG2_LOW + 2 * ratio * series + 2 * ratio);
}

/** 2^exponent for exponents of normal numbers, -1022 to 1023. */
function powerOfTwo(exponent: number): number {
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
