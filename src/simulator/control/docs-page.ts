// docs/simulator.md and its Chinese as a page: as much of Markdown as stands in them (headings, paragraphs, lists, tables, code,
// links). The addresses, folders and keys in it are those of the simulator that serves it, so that what is copied works.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AccountOptions, DEFAULT_API_V3_KEY, type MerchantOptions } from '../shared/options.ts';

type Lang = 'zh' | 'en';
/** The simulator that serves the page. `folder`: where its certificates lie. */
export type Here = {
  readonly port: number;
  readonly payPort: number;
  readonly folder?: string | undefined;
  readonly account?: AccountOptions | undefined;
  readonly merchant?: MerchantOptions | undefined;
};

/** From the sources and from the compiled code the same folder. */
const fileOf = (name: string): string => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));

/** What stands around the text, and how to the other language. */
const AROUND = {
  en: { file: fileOf('simulator.md'), html: 'en', title: 'The simulator of WeChat', other: ['zh', 'zh-CN', '中文'] },
  zh: { file: fileOf('simulator.zh-CN.md'), html: 'zh-CN', title: '微信模拟器', other: ['en', 'en', 'English'] },
} as const;

const STYLE =
  'body{max-width:60rem;margin:0 auto;padding:1rem 1.2rem 4rem;color:#1c1c1e;background:#fff;font:16px/1.6 system-ui,sans-serif}' +
  'h1,h2,h3{line-height:1.25;margin:2rem 0 .6rem}pre{overflow:auto;padding:.8rem 1rem;background:#f5f5f7;border-radius:8px;font-size:14px}' +
  'code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em;background:#f5f5f7;border-radius:4px;padding:.1em .3em;overflow-wrap:anywhere}' +
  'pre code{padding:0;background:none;overflow-wrap:normal}.wide{overflow-x:auto}table{border-collapse:collapse}th,td{border:1px solid #d2d2d7;padding:.35rem .6rem;text-align:left;vertical-align:top}a{color:#0a6}.other{float:right;margin:.4rem 0}' +
  '@media(prefers-color-scheme:dark){body{background:#1c1c1e;color:#f2f2f7}pre,code{background:#2c2c2e}th,td{border-color:#48484a}a{color:#3ddc84}}';

/** As the link says, else the browser: Chinese to who reads Chinese, as on the chat page. */
export function langOf(asked: string | null, accepted = ''): Lang {
  if (asked === 'zh' || asked === 'en') return asked;
  return /^\s*zh\b/i.test(accepted) ? 'zh' : 'en';
}

export async function docsPage(lang: Lang, here: Here): Promise<string> {
  const { file, html, title, other } = AROUND[lang];
  const [code, tag, name] = other;
  const text = await readFile(file, 'utf8').catch(() => `# ${title}\n\n<http://127.0.0.1:3001/simulator>\n`);
  const link = `<a class="other" href="/?lang=${code}" lang="${tag}" hreflang="${tag}">${name}</a>`;
  return `<!doctype html><html lang="${html}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${STYLE}</style><body>${link}${htmlOf(asHere(text, here))}`;
}

/** Loaded by `node --require`, from wherever somebody's own code lies. */
const HOSTS = fileURLToPath(new URL('../../../src/launch/hosts.cjs', import.meta.url)).replaceAll('\\', '/');

/** What stands in the text, which is written for a simulator without options, and what it is of this one. */
function asHere(text: string, { port, payPort, folder, account, merchant }: Here): string {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['127.0.0.1:3001', `127.0.0.1:${port}`],
    ['proxyPort=3001', `proxyPort=${port}`],
    ['127.0.0.1:3002', `127.0.0.1:${payPort}`],
    ['data/simulator-alone', folder === undefined ? undefined : resolve(folder).replaceAll('\\', '/')],
    ['--require "hongbao-bot/simulator/hosts', `--require "${HOSTS}`],
    ['wx8888888888888888', account?.appId],
    ['simulatorAppSecret00000000000000', account?.appSecret],
    ['simToken01', account?.token],
    ['RewardBotSimulatorKey0123456789abcdefghijkA', account?.encodingAesKey],
    ['1900000109', merchant?.mchId],
    ['0123456789abcdef0123456789ABCDEF', merchant?.apiV2Key],
    [DEFAULT_API_V3_KEY, merchant?.apiV3Key],
  ];
  // At once: what has been put in is not looked at again.
  const found = new RegExp(values.map(([written]) => written).join('|'), 'g');
  const known = new Map(values);
  return text.replace(found, written => known.get(written) ?? written);
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);

function htmlOf(markdown: string): string {
  return markdown
    .split(/^(```[\s\S]*?\n```)$/m)
    .map(part =>
      part.startsWith('```')
        ? codeOf(part)
        : part
            .split(/\n{2,}/)
            .map(blockOf)
            .join('\n'),
    )
    .join('\n');
}

function codeOf(part: string): string {
  return `<pre><code>${escaped(part.split('\n').slice(1, -1).join('\n'))}</code></pre>`;
}

function blockOf(block: string): string {
  // Between two Chinese lines there is no space.
  const text = block.trim().replace(/(?<=[\u2e80-\uffef])\n[ ]*(?=[\u2e80-\uffef])/g, '');
  const heading = /^(#{1,4}) (.*)$/.exec(text);
  if (heading) {
    const { length } = heading[1]!;
    const id = heading[2]!.toLowerCase().replace(/[^\p{L}\d]+/gu, '-');
    return `<h${length} id="${id}">${inline(heading[2]!)}</h${length}>`;
  }
  if (text.startsWith('|')) return tableOf(text.split('\n'));
  const list = /^(?:[-*]|\d+\.) /.test(text);
  if (list) return listOf(text);
  return text === '' ? '' : `<p>${inline(text)}</p>`;
}

function listOf(text: string): string {
  const first = /^\d+/.exec(text)?.[0];
  const [name, start] = first === undefined ? ['ul', ''] : ['ol', ` start="${first}"`];
  const items = text.split(/\n(?=(?:[-*]|\d+\.) )/).map(item => item.replace(/^(?:[-*]|\d+\.) /, ''));
  return `<${name}${start}>${items.map(item => `<li>${inline(item)}</li>`).join('')}</${name}>`;
}

function tableOf(lines: readonly string[]): string {
  const cells = (line: string): string[] =>
    line
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map(cell => inline(cell.trim().replaceAll('\\|', '|')));
  const [head = '', , ...rows] = lines;
  const row = (name: string, line: string): string =>
    `<tr>${cells(line)
      .map(cell => `<${name}>${cell}</${name}>`)
      .join('')}</tr>`;
  return `<div class="wide"><table>${row('th', head)}${rows.map(line => row('td', line)).join('')}</table></div>`;
}

/** Code first: nothing inside it means anything. */
function inline(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map(part => {
      if (part.startsWith('`')) return `<code>${escaped(part.slice(1, -1))}</code>`;
      return escaped(part)
        .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
        .replace(/&#60;(https?:[^\s&]+)&#62;/g, '<a href="$1">$1</a>')
        .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>');
    })
    .join('');
}
