// The one reader that looks at what nobody has verified yet: flat documents, and nothing that costs more than its length.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../src/core/base/error.ts';
import { FLAT_BYTES_MAX, readFlatXml } from '../../src/wechat/pay/flat-xml.ts';
import { buildXml, parseXml } from '../../src/wechat/xml.ts';

describe('a flat document', () => {
  test('is read as the parser reads it', () => {
    const cases = [
      '<xml><a>1</a></xml>',
      ' <?xml version="1.0" encoding="UTF-8"?>\n<xml>\n  <a><![CDATA[x]]></a>\n  <b> y </b>\n</xml>\n',
      '\uFEFF<xml><a><![CDATA[ x < & ]]></a><b>&lt;&amp;&quot;</b><c/><d></d></xml>',
      '<xml><coupon_fee_0>500</coupon_fee_0><coupon_fee_1>1</coupon_fee_1></xml>',
      '<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a></xml>',
      '<xml></xml>',
    ];
    for (const text of cases) expect(readFlatXml(text), text).toEqual(parseXml(text.trim()));
  });

  test('with any fields that WeChat Pay could send is what was built', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/), fc.string({ maxLength: 40 }), { maxKeys: 60 }),
        fields => {
          const text = buildXml(fields);
          if (Buffer.byteLength(text) <= FLAT_BYTES_MAX) expect(readFlatXml(text)).toEqual(parseXml(text));
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  const wrap = (inside: string): string => `<xml>${inside}</xml>`;
  test.each<[string, string]>([
    ['8 KiB and a byte', wrap(`<a>${'x'.repeat(FLAT_BYTES_MAX - 17)}</a>`)],
    ['8 KiB of letters that take three bytes', wrap(`<a>${'红'.repeat(3000)}</a>`)],
    ['two hundred and one fields', wrap(Array.from({ length: 201 }, (_, n) => `<f${n}/>`).join(''))],
    ['a field in a field', wrap('<a><b>1</b></a>')],
    ['nests of fields', wrap(`${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`)],
    ['a field twice', wrap('<a>1</a><a>2</a>')],
    ['an attribute', wrap('<a b="1">1</a>')],
    ['a comment', wrap('<!-- x --><a>1</a>')],
    ['a DTD inside', wrap('<!DOCTYPE a [<!ENTITY b "c">]><a>1</a>')],
    ['a DTD outside', '<!DOCTYPE xml><xml><a>1</a></xml>'],
    ['text between fields', wrap('<a>1</a>x<b>2</b>')],
    ['CDATA without an end', wrap('<a><![CDATA[1</a>')],
    ['an end of another field', wrap('<a>1</b>')],
    ['a second document', '<xml><a>1</a></xml><xml></xml>'],
    ['no end', '<xml><a>1</a>'],
    ['another root', '<html><a>1</a></html>'],
    ['two roots mixed', '<xml><a>1</a></root>'],
    ['a name without an end', wrap(`<${'a'.repeat(7000)}`)],
    ['nothing', ''],
    ['JSON', '{}'],
  ])('with %s is none', (_, text) => {
    expect(() => readFlatXml(text)).toThrow(BadInput);
  });

  test('whatever stands there, it is read or refused', () => {
    const bits = fc.constantFrom(
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '&lt;',
      '<',
      '>',
      'x',
      '\0',
      '/',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 60 }), parts => {
        try {
          readFlatXml(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 2000, seed: 11 },
    );
  });
});
