/**
 * Every refusal names the argument, what was given and what was expected, and comes before anything is written.
 */
function message(argument: string, given: string, expected: string): string {
  return `${argument}: expected ${expected}, got ${given}`;
}

/** A tensor, a shape or a size that does not fit. */
export class ShapeError extends RangeError {
  /** The class's name. */
  override readonly name = 'ShapeError';
  /** Which argument or option, by its path: `options.strides`, `x.shape`. */
  readonly argument: string;
  /** What it was, in words. */
  readonly given: string;
  /** What it may be, in words. */
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
  /** The class's name. */
  override readonly name: string = 'OptionError';
  /** Which argument or option, by its path: `options.strides`, `x.shape`. */
  readonly argument: string;
  /** What it was, in words. */
  readonly given: string;
  /** What it may be, in words. */
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
  /** The class's name. */
  override readonly name = 'LayoutError';
}

/** A tensor, a prepared operator or an engine that was used after `dispose()`. */
export class DisposedError extends Error {
  /** The class's name. */
  override readonly name = 'DisposedError';
  /** What was used. */
  readonly argument: string;
  constructor(argument: string) {
    super(`${argument} has been disposed`);
    this.argument = argument;
  }
}

/** More memory than the host gives or WebAssembly can address. */
export class OutOfMemoryError extends RangeError {
  /** The class's name. */
  override readonly name = 'OutOfMemoryError';
  /** What was asked for, in bytes. */
  readonly requestedBytes: number;
  constructor(requestedBytes: number, reason: string) {
    super(`${requestedBytes} bytes of kernel memory cannot be had: ${reason}`);
    this.requestedBytes = requestedBytes;
  }
}

/** Something that this host, variant or version cannot do. */
export class UnsupportedError extends Error {
  /** The class's name. */
  override readonly name = 'UnsupportedError';
}
