// What the dashboard's server writes by itself: the form at the door, which needs no script and names nobody, and the shell in
// which the pages are drawn.
import type { Role } from '../../config/admin.ts';
import type { Fen } from '../../core/base/money.ts';
import { html, jsonIn } from '../h5/html/html.ts';
import type { Lang } from '../language.ts';

const FORM = {
  zh: {
    html: 'zh-CN',
    title: '登录',
    name: '姓名',
    password: '密码',
    digits: '验证码（6 位，开启了两步验证时填）',
    enter: '登录',
    wrong: '姓名、密码或验证码不对。',
    busy: '试的人太多，请过一会儿再试。',
    away: '存储暂时连不上，现在不能登录，请过一会儿再试。',
    forged: '这个页面太旧，或者是从别的网站打开的，请再试一次。',
    failed: '出错了，请再试一次。',
    other: 'English',
    otherLang: 'en',
  },
  en: {
    html: 'en',
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    digits: 'Code (6 digits, where two steps are on)',
    enter: 'Sign in',
    wrong: 'Name, password or code is not right.',
    busy: 'Too many are trying. Please try again in a while.',
    away: 'The store cannot be reached, so nobody can be let in. Please try again in a while.',
    forged: 'This page is too old, or was opened from another site. Please try again.',
    failed: 'Something went wrong. Please try again.',
    other: '中文',
    otherLang: 'zh',
  },
} as const;

export type FormTrouble = 'wrong' | 'busy' | 'away' | 'forged' | 'failed';

export function loginHtml(lang: Lang, hasDigits: boolean, wrong?: FormTrouble): string {
  const words = FORM[lang];
  return `<!doctype html>\n${
    html`<html lang="${words.html}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${words.title}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/admin/assets/login.css"></head>
<body><main><h1>${words.title}</h1>${wrong && html`<p class="wrong" role="alert">${words[wrong]}</p>`}
<form method="post" action="/admin/login?lang=${lang}">
<label for="name">${words.name}</label><input id="name" name="name" autocomplete="username" autocapitalize="none" maxlength="64" required autofocus>
<label for="password">${words.password}</label><input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required>
${hasDigits && html`<label for="digits">${words.digits}</label><input id="digits" name="digits" inputmode="numeric" autocomplete="one-time-code" maxlength="7">`}
<button>${words.enter}</button></form>
<p class="lang"><a href="/admin?lang=${words.otherLang}" lang="${words.otherLang}">${words.other}</a></p></main></body></html>`
      .text
  }`;
}

/** What the pages know from the start. */
type Shell = {
  readonly name: string;
  readonly role: Role;
  readonly csrf: string;
  readonly hasDigits: boolean;
  readonly isDemo: boolean;
  readonly secondPersonFrom?: Fen | undefined;
};

export function shellHtml(lang: Lang, shell: Shell): string {
  return `<!doctype html>\n${
    html`<html lang="${FORM[lang].html}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover"><meta name="color-scheme" content="light">
<meta name="robots" content="noindex"><title>hongbao-bot</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/admin/assets/admin.css"><script src="/admin/assets/admin.js" defer></script></head>
<body><div id="app"><p class="boot" role="status">${lang === 'zh' ? '正在打开…' : 'Opening…'}</p></div>
<noscript>这个页面需要 JavaScript。This page needs JavaScript.</noscript>
<script type="application/json" id="shell">${jsonIn({ ...shell, lang })}</script></body></html>`.text
  }`;
}
