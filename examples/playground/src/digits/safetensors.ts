import type { Tensor } from 'simdconv';

/** The f32 tensors of a file in the safetensors format: a length, a header in JSON, the numbers. */
export function safetensors(bytes: ArrayBuffer): Readonly<Record<string, Tensor>> {
  const view = new DataView(bytes);
  const begin = 8 + Number(view.getBigUint64(0, true));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.slice(8, begin)),
  );
  return Object.fromEntries(
    Object.entries(header)
      .filter(([name, { dtype }]) => name !== '__metadata__' && dtype === 'F32')
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => [name, { shape, data: new Float32Array(bytes.slice(begin + from, begin + to)) }],
      ),
  );
}
