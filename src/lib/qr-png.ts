// The picture of a QR code: a PNG of black and white pixels, exactly as large as asked for, every module a whole number
// of them, so that nothing is blurred in print.

import { crc32, deflateSync } from 'node:zlib';
import qrcode from 'qrcode-generator';
import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';

/** Nothing else may stand so close to the code, in modules (ISO 18004). */
const QUIET = 4;
/** Whatever the platform's address of a code is, it fits into so many pixels. */
export const SIZE_MIN = 100;
export const SIZE_MAX = 4096;

/** `size`: pixels of each side. */
export function qrPicture(text: string, size: number): Buffer {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const module = Math.floor(size / (count + 2 * QUIET));
  if (module < 1) throw new BadInput(t`${size} pixels are too few for this code; it needs ${count + 2 * QUIET}`);
  const margin = Math.floor((size - module * count) / 2);
  const at = (pixel: number): number => {
    const index = Math.floor((pixel - margin) / module);
    return index >= 0 && index < count ? index : -1;
  };
  const lines = new Map<number, Buffer>();
  return png(size, y => {
    const row = at(y);
    const line = lines.get(row) ?? lineOf(size, x => row >= 0 && at(x) >= 0 && code.isDark(row, at(x)));
    lines.set(row, line);
    return line;
  });
}

/** One bit a pixel, 0 is black; before it the filter of the line, which is none. */
function lineOf(size: number, isBlack: (x: number) => boolean): Buffer {
  const line = Buffer.alloc(1 + Math.ceil(size / 8));
  for (let x = 0; x < size; x++) if (!isBlack(x)) line[1 + (x >> 3)]! |= 0x80 >> (x & 7);
  return line;
}

/** A square in grey scale of one bit (PNG, 3rd edition). */
function png(size: number, lineAt: (y: number) => Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head[8] = 1; // bits a pixel; colour type, compression, filter and interlacing are 0
  const pixels = Buffer.concat(Array.from({ length: size }, (_, y) => lineAt(y)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
