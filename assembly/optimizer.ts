/**
 * @file The optimizer's two passes over flat float32 buffers, in AssemblyScript for WebAssembly SIMD. Every float32
 * operation rounds on its own, in the order written, so src/nn/optimizer-reference.ts gives the same bits.
 * Buffers are byte addresses into the imported memory, padded with zeros to a multiple of 8 floats: no tails.
 */

/**
 * Sum of squares in float64: element i goes to partial sum i mod 8, and those are added in a fixed order.
 * vectors: groups of 4 floats, even. Not finite exactly if an element is not: no float32's square overflows a float64.
 */
export function sumOfSquares(values: usize, vectors: u32): f64 {
  let s01 = f64x2.splat(0);
  let s23 = s01;
  let s45 = s01;
  let s67 = s01;
  for (; vectors != 0; vectors -= 2) {
    s01 = f64x2.add(s01, squaredPair(values));
    s23 = f64x2.add(s23, squaredPair(values + 8));
    s45 = f64x2.add(s45, squaredPair(values + 16));
    s67 = f64x2.add(s67, squaredPair(values + 24));
    values += 32;
  }
  const sum = f64x2.add(f64x2.add(s01, s23), f64x2.add(s45, s67));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * One step of AdamW in place, then `ema` moves towards the new `theta`; an `ema` of 0 means none is kept.
 * The scalars are `Coefficients` of src/nn/optimizer-kernels.ts, which says what each one is.
 */
export function updateAdamW(
  theta: usize, gradient: usize, firstMoment: usize, secondMoment: usize, ema: usize, vectors: u32,
  gradientScale: f32, firstDecay: f32, firstRate: f32, secondDecay: f32, secondRate: f32,
  keep: f32, stepSize: f32, secondScale: f32, epsilon: f32, emaDecay: f32, emaRate: f32,
): void {
  const gradientScale4 = f32x4.splat(gradientScale);
  const firstDecay4 = f32x4.splat(firstDecay);
  const firstRate4 = f32x4.splat(firstRate);
  const secondDecay4 = f32x4.splat(secondDecay);
  const secondRate4 = f32x4.splat(secondRate);
  const keep4 = f32x4.splat(keep);
  const stepSize4 = f32x4.splat(stepSize);
  const secondScale4 = f32x4.splat(secondScale);
  const epsilon4 = f32x4.splat(epsilon);
  const emaDecay4 = f32x4.splat(emaDecay);
  const emaRate4 = f32x4.splat(emaRate);

  for (; vectors != 0; vectors--) {
    const g = f32x4.mul(v128.load(gradient), gradientScale4);

    const m0 = v128.load(firstMoment);
    const m = f32x4.add(f32x4.mul(m0, firstDecay4), f32x4.mul(g, firstRate4));
    v128.store(firstMoment, m);

    const v0 = v128.load(secondMoment);
    const v = f32x4.add(f32x4.mul(v0, secondDecay4), f32x4.mul(f32x4.mul(g, secondRate4), g));
    v128.store(secondMoment, v);

    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), secondScale4), epsilon4);
    const p0 = v128.load(theta);
    const p = f32x4.sub(f32x4.mul(p0, keep4), f32x4.div(f32x4.mul(m, stepSize4), denominator));
    v128.store(theta, p);

    if (ema != 0) {
      const e0 = v128.load(ema);
      v128.store(ema, f32x4.add(f32x4.mul(e0, emaDecay4), f32x4.mul(p, emaRate4)));
      ema += 16;
    }
    theta += 16;
    gradient += 16;
    firstMoment += 16;
    secondMoment += 16;
  }
}

/**
 * `masked` <- `theta`, but 0 where a task does not use a parameter. mask: a byte for 4 parameters, of which the low 4 bits say
 * which are used; lanes: 16 vectors, whose lanes are all ones where bit i of the vector's number is set
 */
export function applyMask(theta: usize, masked: usize, mask: usize, lanes: usize, vectors: u32): void {
  for (; vectors != 0; vectors--) {
    v128.store(masked, v128.and(v128.load(theta), v128.load(lanes + ((<usize>load<u8>(mask) & 15) << 4))));
    theta += 16;
    masked += 16;
    mask += 1;
  }
}

/**
 * One step of AdamW in place for a task: gradients of parameters that it does not use count as 0, and parameters whose bit
 * among the high 4 of `mask` is not set stay as they were, though their moments decay.
 */
export function updateMaskedAdamW(
  theta: usize, gradient: usize, firstMoment: usize, secondMoment: usize, mask: usize, lanes: usize, vectors: u32,
  gradientScale: f32, firstDecay: f32, firstRate: f32, secondDecay: f32, secondRate: f32,
  keep: f32, stepSize: f32, secondScale: f32, epsilon: f32,
): void {
  const gradientScale4 = f32x4.splat(gradientScale);
  const firstDecay4 = f32x4.splat(firstDecay);
  const firstRate4 = f32x4.splat(firstRate);
  const secondDecay4 = f32x4.splat(secondDecay);
  const secondRate4 = f32x4.splat(secondRate);
  const keep4 = f32x4.splat(keep);
  const stepSize4 = f32x4.splat(stepSize);
  const secondScale4 = f32x4.splat(secondScale);
  const epsilon4 = f32x4.splat(epsilon);

  for (; vectors != 0; vectors--) {
    const bits = <usize>load<u8>(mask);
    const used = v128.load(lanes + ((bits & 15) << 4));
    const moving = v128.load(lanes + ((bits >> 4) << 4));
    const g = v128.and(f32x4.mul(v128.load(gradient), gradientScale4), used);

    const m0 = v128.load(firstMoment);
    const m = f32x4.add(f32x4.mul(m0, firstDecay4), f32x4.mul(g, firstRate4));
    v128.store(firstMoment, m);

    const v0 = v128.load(secondMoment);
    const v = f32x4.add(f32x4.mul(v0, secondDecay4), f32x4.mul(f32x4.mul(g, secondRate4), g));
    v128.store(secondMoment, v);

    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), secondScale4), epsilon4);
    const p0 = v128.load(theta);
    const p = f32x4.sub(f32x4.mul(p0, keep4), f32x4.div(f32x4.mul(m, stepSize4), denominator));
    v128.store(theta, v128.bitselect(p, p0, moving));

    theta += 16;
    gradient += 16;
    firstMoment += 16;
    secondMoment += 16;
    mask += 1;
  }
}

/** The squares of the two floats at `address`, as float64. */
// @ts-ignore: decorators on functions exist in AssemblyScript only
@inline
function squaredPair(address: usize): v128 {
  const pair = f64x2.promote_low_f32x4(v128.load64_zero(address));
  return f64x2.mul(pair, pair);
}
