import asc from 'assemblyscript/asc';

/** AssemblyScript source into a module's bytes, with the options that assembly/ is compiled with. */
export async function compile(source, relaxed = false) {
  const { error, binary, stderr } = await asc.compileString(source, {
    runtime: 'stub',
    importMemory: true,
    noAssert: true,
    optimizeLevel: 3,
    shrinkLevel: 0,
    enable: relaxed ? ['simd', 'relaxed-simd'] : ['simd'],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

/** `a * b + c` as the variant at hand does it: two roundings, or one where it may fuse. */
export const MADD = `
@inline function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}
`;
