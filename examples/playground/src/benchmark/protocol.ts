/** What the page and its worker tell each other. */

/** Plain JavaScript sums in doubles; `js` is the engine's fallback, with the bits of simd. */
export type Subject = 'plain' | 'js' | 'simd' | 'relaxed-simd' | 'threads';

export interface SubjectInfo {
  readonly id: Subject;
  readonly name: string;
  /** Why it does not run here. */
  readonly missing?: string;
}

export interface Timing {
  readonly subject: Subject;
  readonly job: number;
  readonly milliseconds: number;
  /** Are the bits those of the fallback? Of plain JavaScript that is not asked. */
  readonly same: boolean;
}

export type Message =
  | { readonly kind: 'subjects'; readonly subjects: readonly SubjectInfo[] }
  | { readonly kind: 'begin'; readonly subject: Subject; readonly job: number; readonly done: number; readonly total: number }
  | { readonly kind: 'timing'; readonly timing: Timing }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly message: string };
