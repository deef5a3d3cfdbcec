/** An argument that names nothing, or does not fit another. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
