// Signs and seals of WeChat Pay, made with code nobody here wrote.
import { createRequire } from 'node:module';

export type Fields = Readonly<Record<string, string>>;
type Plugin = {
  readonly Hash: { sign(type: string, fields: Fields, key: string): string; md5(text: string): string };
  readonly Transformer: { toXml(fields: Fields): string; toObject(xml: string): Fields };
  readonly Rsa: { sign(text: string, key: string): string };
  readonly Formatter: { response(timestamp: string, nonce: string, body: string): string };
  readonly Aes: {
    readonly AesEcb: { encrypt(text: string, key: string): string };
    readonly AesGcm: { encrypt(text: string, key: string, iv: string, aad: string): string };
  };
};

export const { Hash, Transformer, Rsa, Formatter, Aes } = createRequire(import.meta.url)(
  'wechatpay-axios-plugin',
) as Plugin;
