// The whole taxonomy of what can go wrong, on one screen.
//
//   a "no" of the business          a value (`Refusal`), never thrown
//   a mistake of somebody else      `BadInput`: where, what, and the fix
//   a failure of the world          `Fault`: and whether it may be tried again
//   a mistake of ours               a failed `assert`

/** Where something stands in a file. Both count from 1. */
export type Place = { readonly line: number; readonly column: number };

/** One complaint about a file: `line` and `column` count from 1. */
export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, what was expected, and the nearest right word. */
  readonly message: string;
};

/** `rules/a.yaml:3:5: unknown key "wieght"; did you mean "weight"?` */
export function showFinding(finding: Finding): string {
  return `${finding.file}:${finding.line}:${finding.column}: ${finding.message}`;
}

/** Somebody gave us something wrong. The message names the place and the fix. */
export class BadInput extends Error {
  readonly findings: readonly Finding[];

  constructor(message: string, findings: readonly Finding[] = []) {
    super(findings.length === 0 ? message : [message, ...findings.map(showFinding)].join('\n'));
    this.name = 'BadInput';
    this.findings = findings;
  }
}

/**
 * The world failed us. `retry` says what may be done about it:
 * `safe` it never arrived · `query-first` it may have arrived · `never` the platform said no.
 */
export class Fault extends Error {
  readonly who: 'wechat' | 'wechat-pay' | 'store';
  readonly retry: 'safe' | 'query-first' | 'never';
  /** The platform's own code (`errcode`, `err_code`) or the transport's; never shown to followers. */
  readonly code: string;

  constructor(who: Fault['who'], retry: Fault['retry'], code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Fault';
    this.who = who;
    this.retry = retry;
    this.code = code;
  }
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
