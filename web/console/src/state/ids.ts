/** 128 random bits. Not `randomUUID`, which plain HTTP does not have, and a phone on the office network may use that. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
