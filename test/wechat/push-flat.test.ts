// The short ways of the door: the reader of flat documents and the writer of answers, each against the careful one.
import fc from 'fast-check';
import { XMLBuilder } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { flatFields } from '../../src/wechat/account/push-flat.ts';
import { readCarefully } from '../../src/wechat/account/push-xml.ts';
import { sameHash, sameText, signatureOf } from '../../src/wechat/crypto.ts';
import { buildXml, legal, parseXml, type XmlOut } from '../../src/wechat/xml.ts';
import { FLAT_PIECES, flatFuzz } from '../siege/fuzz-flat.ts';
import { message, xmlOf } from '../support/pushes.ts';

describe('the reader of flat documents', () => {
  test('reads what WeChat writes, in the order in which it is written', () => {
    const fields = { ...message('text', { Content: '恭喜 <b>发财</b> & "\n' }), Encrypt: 'QUJD' };
    expect(flatFields(xmlOf(fields))).toEqual(fields);
    expect(flatFields(`${xmlOf(fields)}\r\n\t `)).toEqual(fields);
    expect(Object.keys(flatFields(xmlOf(fields)) ?? {})).toEqual(Object.keys(fields));
  });

  test.each([
    ['a document in a document', '<xml><a><b>1</b></a></xml>'],
    ['a field that stands twice', '<xml><a>1</a><a>2</a></xml>'],
    ['a field with the name of what all objects have', '<xml><constructor>1</constructor></xml>'],
    ['a prototype', '<xml><__proto__>1</__proto__></xml>'],
    ['a text of two parts', '<xml><a><![CDATA[1]]><![CDATA[2]]></a></xml>'],
    ['a text that ends early', '<xml><a><![CDATA[1]]>2]]></a></xml>'],
    ['an entity', '<xml><a>&lt;</a></xml>'],
    ['an empty field', '<xml><a></a></xml>'],
    ['an empty element', '<xml><a/></xml>'],
    ['an attribute', '<xml><a b="c">1</a></xml>'],
    ['a comment', '<xml><!-- --><a>1</a></xml>'],
    ['a declaration', '<?xml version="1.0"?><xml><a>1</a></xml>'],
    ['a DTD', '<!DOCTYPE xml><xml><a>1</a></xml>'],
    ['what stands behind it', '<xml><a>1</a></xml><xml>'],
    ['what does not end', '<xml><a>1</a>'],
    ['a text that does not end', '<xml><a><![CDATA[1</a></xml>'],
    ['an end of another name', '<xml><a>1</ab></xml>'],
    ['an end that is no end', '<xml><a>1</a ></xml>'],
    ['nothing', '<xml></xml>'],
    ['a text in between', '<xml>1<a>1</a></xml>'],
  ])('declines %s', (_, text) => {
    expect(flatFields(text)).toBeUndefined();
  });

  test('agrees with the careful reader on all that it reads', () => {
    const { read, differ } = flatFuzz(20_000, 1);
    expect(differ).toEqual([]);
    expect(read).toBeGreaterThan(2000);
  });

  test('agrees with the careful reader, whatever the pieces are', () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...FLAT_PIECES), fc.string({ unit: 'binary' })), { maxLength: 12 });
    fc.assert(
      fc.property(text, parts => {
        const written = `<xml>${parts.join('')}</xml>`;
        const fields = flatFields(written);
        if (fields) expect(readCarefully(written)).toEqual({ fields });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the writer of answers', () => {
  const builder = new XMLBuilder({ cdataPropName: '#cdata', suppressEmptyNode: false });
  const wrapped = (value: XmlOut[string] | XmlOut): unknown => {
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return { '#cdata': legal(value) };
    if (Array.isArray(value)) return value.map(wrapped);
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, wrapped(child)]));
  };
  const name = fc.stringMatching(/^[A-Z][A-Za-z_]{0,12}$/);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(']]>', ']]', '>', ']]]]>>', '', ' ', '<a>&', '🧧'),
  );
  const leaf = fc.oneof(text, fc.integer());
  const dictionary = (value: fc.Arbitrary<XmlOut[string]>): fc.Arbitrary<XmlOut> =>
    fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  const inner = dictionary(leaf);
  const fields = dictionary(fc.oneof(leaf, inner, fc.array(inner, { minLength: 1, maxLength: 3 })));

  test('writes to the byte what the builder writes', () => {
    fc.assert(
      fc.property(fields, each => {
        expect(buildXml(each)).toBe(builder.build({ xml: wrapped(each) }));
      }),
      { numRuns: 500 },
    );
  });

  test('writes a text that is read as it was, without what XML cannot carry', () => {
    fc.assert(
      fc.property(text, each => {
        expect(parseXml(buildXml({ Content: each }))).toEqual({ Content: legal(each).replace(/\r\n?/g, '\n') });
      }),
    );
  });
});

describe('the comparison of hashes', () => {
  const ours = signatureOf('token', '1', '2');

  test('says what the comparison of texts says', () => {
    const part = fc.constantFrom(
      ours,
      ours.slice(1),
      ours.slice(0, -1),
      `${ours.slice(0, -1)}é`,
      '',
      'é',
      '0',
      '\u{1F9E7}',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          part,
          fc.tuple(part, part).map(parts => parts.join('').slice(0, 40)),
          fc.string(),
        ),
        theirs => {
          expect(sameHash(ours, ours)).toBe(true);
          expect(sameHash(ours, theirs)).toBe(sameText(ours, theirs));
        },
      ),
    );
  });

  test('a character that has no room is no part of what was compared before', () => {
    expect(sameHash(ours, ours)).toBe(true);
    expect(sameHash(ours, `${ours.slice(0, 39)}é`)).toBe(false);
    expect(sameHash(`${ours.slice(0, 39)}é`, ours)).toBe(false);
  });
});
