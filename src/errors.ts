/**
 * Every refusal names the argument, what was given and what was expected, and comes before anything is written.
 */
function message(argument: string, given: string, expected: string): string {
  return `${argument}: expected ${expected}, got ${given}`;
}

/** A tensor, a shape or a size that does not fit. */
export class ShapeError extends RangeError {
  override readonly name = 'ShapeError';
  readonly argument: string;
  readonly given: string;
  readonly expected: string;
  constructor(argument: string, given: string, expected: string) {
    super(message(argument, given, expected));
    this.argument = argument;
    this.given = given;
    this.expected = expected;
  }
}

/** An option with an unknown name, or a value that it cannot take. */
export class OptionError extends TypeError {
  override readonly name: string = 'OptionError';
  readonly argument: string;
  readonly given: string;
  readonly expected: string;
  constructor(argument: string, given: string, expected: string) {
    super(message(argument, given, expected));
    this.argument = argument;
    this.given = given;
    this.expected = expected;
  }
}

/** A layout that is unknown. */
export class LayoutError extends OptionError {
  override readonly name = 'LayoutError';
}

/** A tensor, a prepared operator or an engine that was used after `dispose()`. */
export class DisposedError extends Error {
  override readonly name = 'DisposedError';
  readonly argument: string;
  constructor(argument: string) {
    super(`${argument} has been disposed`);
    this.argument = argument;
  }
}

/** More memory than the host gives or WebAssembly can address. */
export class OutOfMemoryError extends RangeError {
  override readonly name = 'OutOfMemoryError';
  readonly requestedBytes: number;
  constructor(requestedBytes: number, reason: string) {
    super(`${requestedBytes} bytes of kernel memory cannot be had: ${reason}`);
    this.requestedBytes = requestedBytes;
  }
}

/** Something that this host, variant or version cannot do. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
