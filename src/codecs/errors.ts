/** A file that cannot be read, is no image, or cannot be written. The message begins with its name. */
export class ImageFileError extends Error {
  override readonly name = 'ImageFileError';
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EISDIR: 'a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'a link that leads back to itself',
  ERR_FS_FILE_TOO_LARGE: 'a file of more than 2 GiB',
};

/** What the host says, in words. */
export function fileError(path: string, error: unknown): ImageFileError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ImageFileError(path, REASONS[code ?? ''] ?? message, { cause: error });
}
