// What is taken, as `shared/domain/src/attachment.rs` says: asked here first, so that nobody waits for an upload in vain.

export const MAX_BYTES = 20 * 1024 * 1024;
export const MAX_FILES = 10;

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Whether a browser shows it in place. */
export function isPicture(type: string): boolean {
  return PICTURES.includes(type);
}

/** Why a file is not taken; nothing when it may be. Its type is the server's to judge. */
export function problemOf(file: { size: number }): string | undefined {
  if (file.size === 0) return 'The file is empty.';
  if (file.size > MAX_BYTES) return `The file has more than ${fileSize(MAX_BYTES)}.`;
  return undefined;
}

/** A length for people, in the units of file systems: 1 kB is 1,024 bytes here. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kilobytes = bytes / 1024;
  if (kilobytes < 1024) return `${Math.round(kilobytes)} kB`;
  const megabytes = kilobytes / 1024;
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}
