/** @file Floats of 16 bits, IEEE 754 binary16, as raw bits: JavaScript of Node 20 has no array for them. */

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Bits of the nearest half, ties to even; beyond 65504, infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfOf);
}

function halfOf(value: number): number {
  float[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const magnitude = word[0] & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude < 0x38800000) {
    // below 2^-14: a multiple of 2^-24, to which float32 addition rounds as halves do
    float[0] = Math.abs(value) + 0.5; // 0.5 has a last place of 2^-24
    return sign | (word[0] - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | Math.min((rounded - 0x38000000) >>> 13, 0x7c00);
}

/** The values of halves, exactly. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const [exponent, fraction] = [(half >>> 10) & 31, half & 1023];
    const size =
      exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1024 + fraction) * 2 ** (exponent - 25);
    return half & 0x8000 ? -size : size;
  });
}
