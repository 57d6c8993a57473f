// Seals what is personal before it is written (AES-256-GCM). Whose it is belongs to the seal: a text that is laid under another
// follower does not open. The first key seals, all open; each is known by a print of it.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PRINT_LENGTH = 8;

export type Sealer = {
  seal(text: string, whose: string): string;
  /** `undefined`: by none of the keys, or not whose it is said to be. */
  open(sealed: string, whose: string): string | undefined;
};

export function sealerOf(secrets: readonly string[]): Sealer {
  const keys = secrets.map(secret => {
    const key = Buffer.from(hkdfSync('sha256', secret, '', 'hongbao-bot personal data', KEY_BYTES));
    return { key, print: createHash('sha256').update(key).digest('hex').slice(0, PRINT_LENGTH) };
  });
  return {
    seal(text, whose) {
      const { key, print } = keys[0]!;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(whose));
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]);
      return `${print}.${Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open(sealed, whose) {
      const [print, body = ''] = sealed.split('.');
      const known = keys.find(each => each.print === print);
      const bytes = Buffer.from(body, 'base64url');
      if (!known || bytes.length < IV_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', known.key, bytes.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(whose)).setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined; // not sealed by this key for this follower
      }
    },
  };
}
