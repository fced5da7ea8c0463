import { createHmac } from 'node:crypto';

/** An authenticator app: RFC 6238. Two codes of a new secret are good at once; a third would have to wait. */
export class Authenticator {
  private readonly key: Buffer;
  private lastStep = 0;

  constructor(secret: string) {
    const bits = [...secret.replaceAll(' ', '')].map((letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    );
    this.key = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  }

  nextCode(): string {
    this.lastStep = Math.max(Math.floor(Date.now() / 30_000), this.lastStep + 1);
    const counter = Buffer.alloc(8);
    counter.writeBigInt64BE(BigInt(this.lastStep));
    const digest = createHmac('sha1', this.key).update(counter).digest();
    const bits = digest.readUInt32BE((digest[19] ?? 0) & 15) & 0x7fffffff;
    return String(bits % 1_000_000).padStart(6, '0');
  }
}
