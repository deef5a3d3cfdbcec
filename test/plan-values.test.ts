import { describe, expect, it } from 'vitest';
import { Plan } from '../src/plan/plan.ts';
import { planPower } from '../src/plan/power.ts';
import { js, simd } from './platforms.ts';
import { random } from './random.ts';

/** A chain of unary steps over temporary values of these lengths: the value of each is read by the next. */
function chain(lengths: readonly number[]) {
  const plan = new Plan();
  const values = lengths.map((length) => plan.temp(length));
  let from = plan.named('x');
  for (const value of values) {
    planPower(plan, null, from, value, 1, 1);
    from = value;
  }
  planPower(plan, null, from, plan.named('out'), 1, 1);
  return { plan, values };
}

describe('the slots of a plan', () => {
  it('are two for a chain, however long it is, and each as large as its largest value', () => {
    const { plan, values } = chain([10, 500, 30, 40, 20, 600]);
    const { byteLengths, of } = plan.slots;
    expect(byteLengths.length).toBe(2);
    for (const [i, value] of values.entries()) {
      expect(byteLengths[of.get(value)!]).toBeGreaterThanOrEqual(4 * value.length!);
      if (i > 0) expect(of.get(value)).not.toBe(of.get(values[i - 1]));
    }
  });

  it('never hold two values that are needed at once, and none that nobody uses', () => {
    const next = random(1);
    for (let run = 0; run < 300; run++) {
      const plan = new Plan();
      const values = Array.from({ length: 12 }, () => plan.temp(1 + Math.floor(next() * 1000)));
      const spans = new Map<number, [first: number, last: number]>();
      for (let step = 0; step < 20; step++) {
        const [a, b] = [values[Math.floor(next() * 11)], values[Math.floor(next() * 11)]];
        if (a === b) continue;
        for (const { id } of [a, b]) spans.set(id, [spans.get(id)?.[0] ?? plan.steps.length, plan.steps.length]);
        planPower(plan, null, a, b, 1, 1);
      }
      const { byteLengths, of } = plan.slots;
      expect(of.has(values[11])).toBe(false);
      expect(of.size).toBe(spans.size);
      const placed = [...of];
      for (const [i, [value, slot]] of placed.entries()) {
        expect(byteLengths[slot]).toBeGreaterThanOrEqual(4 * value.length!);
        for (const [other, otherSlot] of placed.slice(i + 1)) {
          const [[begin, end], [otherBegin, otherEnd]] = [spans.get(value.id)!, spans.get(other.id)!];
          if (slot === otherSlot) expect(end < otherBegin || otherEnd < begin).toBe(true);
        }
      }
    }
  });
});

describe.each([js, simd])('a plan on $name', ({ engine }) => {
  it('whose value is bound to nothing is an error when it is bound, and so is a value of another plan', () => {
    const plan = new Plan();
    planPower(plan, null, plan.named('nobody'), plan.named('out'), 1, 1);
    const operation = () => ({
      beside: engine.tensor([1]),
      operands: {},
      results: { out: { shape: [1], out: undefined } },
      plan,
      value: () => 0,
    });
    expect(() => engine.operate({ name: 'unbound', parameters: [], plan: operation }, [])).toThrow(/value nobody .* bound to nothing/);
    expect(() => planPower(plan, null, new Plan().named('x'), plan.named('out'), 1, 1)).toThrow(/another plan/);
  });
});
