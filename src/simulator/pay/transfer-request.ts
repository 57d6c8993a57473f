// What a merchant sends to create a transfer bill (商家转账), checked field by field before any business is done.

import { createHash } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import { isRecord } from '../../core/base/record.ts';
import { readJson } from '../shared/http.ts';
import type { Json } from '../shared/json.ts';
import type { MerchantLimits } from '../shared/options.ts';
import { own } from '../shared/own.ts';

/** A "no" of API v3: JSON with `code` and `message`. */
export type Failure = { readonly status: number; readonly code: string; readonly message: string };

export const isFailure = (value: object): value is Failure => 'code' in value;

export type TransferCall = {
  readonly method: string;
  /** From `/v3/` on; a query is ignored. */
  readonly path: string;
  readonly body: string;
  /** `Wechatpay-Serial`: the key with which `user_name` is encrypted. */
  readonly serial?: string;
};

export type NewTransfer = {
  readonly appId: string;
  readonly billNo: string;
  readonly sceneId: string;
  /** '': under an authorization, which says whose it is. */
  readonly openid: string;
  /** Asked for with it. */
  readonly asks?: { readonly number: string; readonly displayName: string; readonly notifyUrl: string };
  /** `authorization_id` or `out_authorization_no`. */
  readonly under?: { readonly id?: string; readonly number?: string };
  /** Encrypted; see `wrongName`. */
  readonly userName?: string;
  readonly amount: number;
  readonly remark: string;
  readonly notifyUrl?: string;
  readonly perception?: string;
  readonly reports: readonly { readonly type: string; readonly content: string }[];
  /** Of all business fields but the name, whose ciphertext is another one each time. */
  readonly print: string;
};

/** `perceptions` absent: any text is shown. */
type Scene = { readonly reports: readonly string[]; readonly perceptions?: readonly string[] };

const SCENES: Record<string, Scene> = {
  1000: { reports: ['活动名称', '奖励说明'], perceptions: ['活动奖励', '现金奖励'] },
  1002: { reports: ['补贴类型'], perceptions: ['行政补贴', '行政奖励'] },
  1004: { reports: ['保险产品备案编号', '保险名称', '保险操作单号'] },
  1005: { reports: ['岗位类型', '报酬说明'] },
  1009: { reports: ['采购商品名称'] },
  1010: { reports: ['回收商品名称'] },
  1011: { reports: ['赔付原因'], perceptions: ['退款', '商家赔付'] },
  1013: { reports: ['公益活动名称', '公益活动备案编号'] },
};
/** It exists too; what it asks for is not known, so anything well-formed will do. */
const OTHER_SCENES = new Set(['1006']);
/** RED_PACKET: only up to so much, and only in this scene. */
const PACKET_STYLE = { max: 20_000, scene: '1000' };
const NAME_NEEDED_FROM = 200_000;
const NAME_ALLOWED_FROM = 30;

const BILL_NO = /^[0-9A-Za-z]{1,32}$/;

export const failure = (status: number, code: string, message: string): Failure => ({ status, code, message });
const paramError = (message: string): Failure => failure(400, 'PARAM_ERROR', message);
const invalid = (message: string): Failure => failure(400, 'INVALID_REQUEST', message);

/** Thrown and caught in this file only: the first field that is wrong ends the reading. */
class Wrong extends Error {
  readonly failure: Failure;

  constructor(wrong: Failure) {
    super(wrong.message);
    this.failure = wrong;
  }
}

/** How it is created: to be confirmed, with an authorization on the same sheet, or under one. */
export type Kind = 'confirm' | 'ask' | 'authorized';

export function readTransfer(body: string, limits: MerchantLimits, kind: Kind): NewTransfer | Failure {
  return reading(() => read(objectOf(readJson(body)), limits, kind));
}

/** An authorization that is asked for by itself. */
export function readAuthorizationAsk(body: string): NewAuthorizationAsk | Failure {
  return reading(() => {
    const json = objectOf(readJson(body));
    onlyKeys(json, ASK_KEYS);
    return {
      appId: textAt(json, 'appid', 32),
      openid: textAt(json, 'openid', 64),
      sceneId: textAt(json, 'transfer_scene_id', 36),
      ...authorizationIn(json),
    };
  });
}

type NewAuthorizationAsk = NonNullable<NewTransfer['asks']> & Pick<NewTransfer, 'appId' | 'openid' | 'sceneId'>;

function reading<T extends object>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Wrong) return error.failure;
    if (error instanceof BadInput) return paramError('请求体不是合法的JSON');
    throw error;
  }
}

/** `name` absent: the whole body. */
function objectOf(value: unknown, name?: string): Json {
  if (isRecord(value)) return value;
  if (name !== undefined && value === undefined) throw new Wrong(paramError(`${name}必填,并且不能为空`));
  throw new Wrong(paramError(name === undefined ? '请求体不是合法的JSON' : `${name}的类型不正确,应为对象`));
}

const COMMON_KEYS = [
  ...['appid', 'out_bill_no', 'transfer_scene_id', 'user_name', 'transfer_amount', 'transfer_remark', 'notify_url'],
  ...['user_recv_perception', 'transfer_scene_report_infos', 'sponsor_mchid'],
];
const KEYS: Readonly<Record<Kind, readonly string[]>> = {
  confirm: [...COMMON_KEYS, 'openid', 'user_recv_style'],
  ask: [...COMMON_KEYS, 'openid', 'user_recv_style', 'authorization_info'],
  authorized: [...COMMON_KEYS, 'authorization_id', 'out_authorization_no'],
};
const AUTHORIZATION_KEYS = ['user_display_name', 'out_authorization_no', 'authorization_notify_url'];
const REPORT_KEYS = ['info_type', 'info_content'];
const STYLE_KEYS = ['type'];
const ASK_KEYS = [
  ...['appid', 'openid', 'transfer_scene_id', 'user_recv_perception', 'scene_info'],
  ...AUTHORIZATION_KEYS,
];

/** v3 is strict: what is not documented, and an empty address as well, is refused. */
function onlyKeys(json: Json, keys: readonly string[]): void {
  if (Object.keys(json).some(key => !keys.includes(key)) || json.notify_url === '')
    throw new Wrong(paramError('请求中含有未在API文档中定义的参数'));
}

function authorizationIn(json: Json): NonNullable<NewTransfer['asks']> {
  const displayName = textAt(json, 'user_display_name', 32);
  if (/\p{Extended_Pictographic}/u.test(displayName)) throw new Wrong(paramError('user_display_name不能包含表情'));
  const notifyUrl = textAt(json, 'authorization_notify_url', 256);
  if (!isNotifyUrl(notifyUrl)) throw new Wrong(paramError('authorization_notify_url不正确'));
  return { number: textAt(json, 'out_authorization_no', 32, BILL_NO), displayName, notifyUrl };
}

function underIn(json: Json): NonNullable<NewTransfer['under']> {
  const [id, number] = [maybeText(json, 'authorization_id', 64), maybeText(json, 'out_authorization_no', 32)];
  if ((id === undefined) === (number === undefined))
    throw new Wrong(paramError('authorization_id与out_authorization_no必填其一'));
  return { ...(id === undefined ? {} : { id }), ...(number === undefined ? {} : { number }) };
}

function read(json: Json, limits: MerchantLimits, kind: Kind): NewTransfer {
  onlyKeys(json, KEYS[kind]);
  const amount = json.transfer_amount;
  const perception = maybeText(json, 'user_recv_perception', 32);
  const userName = json.user_name === undefined ? undefined : textAt(json, 'user_name', 2048);
  const notifyUrl = maybeText(json, 'notify_url', 256);
  const transfer = {
    appId: textAt(json, 'appid', 32),
    billNo: textAt(json, 'out_bill_no', 32, BILL_NO),
    sceneId: textAt(json, 'transfer_scene_id', 36),
    openid: kind === 'authorized' ? '' : textAt(json, 'openid', 64),
    ...(kind === 'ask' ? { asks: readAsks(json) } : {}),
    ...(kind === 'authorized' ? { under: underIn(json) } : {}),
    remark: textAt(json, 'transfer_remark', 32),
    amount: typeof amount === 'number' ? amount : Number.NaN,
    reports: readReports(json.transfer_scene_report_infos),
    ...(userName === undefined ? {} : { userName }),
    ...(notifyUrl === undefined ? {} : { notifyUrl }),
    ...(perception === undefined ? {} : { perception }),
  };
  checkStyle(json.user_recv_style, transfer.sceneId, transfer.amount);
  if (!Number.isSafeInteger(amount) || transfer.amount < 1)
    throw new Wrong(paramError('转账金额必须为正整数,单位为分'));
  if (notifyUrl !== undefined && !isNotifyUrl(notifyUrl)) {
    throw new Wrong(paramError('notify_url不正确,须为公网可访问的https地址,且不能携带参数'));
  }
  checkScene(transfer.sceneId, transfer.reports, perception);
  const { transferMin, transferMax } = limits;
  if (transfer.amount < transferMin || transfer.amount > transferMax) {
    throw new Wrong(invalid(`超过单笔转账上下限,核实产品设置是否准确(应在${transferMin}分到${transferMax}分之间)`));
  }
  checkName(transfer.amount, userName);
  const { userName: _userName, ...business } = transfer;
  const print = createHash('sha256')
    .update(JSON.stringify([business, json.user_recv_style ?? null]))
    .digest('base64url');
  return { ...transfer, print };
}

/** Counted in characters, as the documents of API v3 say. */
function textAt(json: Json, name: string, max: number, is?: RegExp): string {
  const value = json[name];
  if (value === undefined || value === null || value === '') throw new Wrong(paramError(`${name}必填,并且不能为空`));
  if (typeof value !== 'string') throw new Wrong(paramError(`${name}的类型不正确,应为字符串`));
  if ([...value].length > max) throw new Wrong(paramError(`${name}过长,不能超过${max}个字符`));
  if (is && !is.test(value)) throw new Wrong(paramError(`${name}只能由数字、大小写字母组成`));
  return value;
}

function maybeText(json: Json, name: string, max: number): string | undefined {
  return json[name] === undefined || json[name] === '' ? undefined : textAt(json, name, max);
}

function readReports(value: unknown): NewTransfer['reports'] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new Wrong(paramError('需传入转账场景报备信息,请检查transfer_scene_report_infos'));
  }
  return value.map(each => {
    const report = objectOf(each, 'transfer_scene_report_infos');
    onlyKeys(report, REPORT_KEYS);
    return { type: textAt(report, 'info_type', 15), content: textAt(report, 'info_content', 32) };
  });
}

function readAsks(json: Json): NonNullable<NewTransfer['asks']> {
  const info = objectOf(json.authorization_info, 'authorization_info');
  onlyKeys(info, AUTHORIZATION_KEYS);
  return authorizationIn(info);
}

function checkStyle(style: unknown, sceneId: string, amount: number): void {
  if (style === undefined) return;
  const given = objectOf(style, 'user_recv_style');
  onlyKeys(given, STYLE_KEYS);
  const { type } = given;
  if (type !== 'CONFIRM_PAGE' && type !== 'RED_PACKET') throw new Wrong(paramError('user_recv_style.type不正确'));
  if (type === 'RED_PACKET' && (sceneId !== PACKET_STYLE.scene || amount > PACKET_STYLE.max))
    throw new Wrong(paramError('当前转账场景或金额不支持user_recv_style为RED_PACKET'));
}

/** https without a query; plain http on this machine, where nobody has a certificate. */
function isNotifyUrl(text: string): boolean {
  if (!URL.canParse(text) || text.includes('?') || text.includes('#')) return false;
  const { protocol, hostname, username } = new URL(text);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  return username === '' && (protocol === 'https:' || (protocol === 'http:' && isHere));
}

function checkScene(sceneId: string, reports: NewTransfer['reports'], perception: string | undefined): void {
  const scene = own(SCENES, sceneId);
  const types = reports.map(({ type }) => type);
  if (new Set(types).size < types.length) throw new Wrong(paramError('转账场景报备信息重复'));
  if (!scene) {
    if (OTHER_SCENES.has(sceneId)) return;
    throw new Wrong(invalid('你尚未获取该转账场景'));
  }
  if (types.length !== scene.reports.length || !scene.reports.every(type => types.includes(type))) {
    throw new Wrong(paramError('未传入完整且对应的转账场景报备信息'));
  }
  if (perception !== undefined && scene.perceptions?.includes(perception) === false) {
    throw new Wrong(invalid('暂不支持展示当前传入的用户收款感知'));
  }
}

function checkName(amount: number, userName: string | undefined): void {
  if (userName === undefined && amount >= NAME_NEEDED_FROM) {
    throw new Wrong(paramError(`转账金额达到${NAME_NEEDED_FROM}分时user_name必填`));
  }
  if (userName !== undefined && amount < NAME_ALLOWED_FROM) {
    throw new Wrong(paramError(`转账金额低于${NAME_ALLOWED_FROM}分时不支持校验user_name`));
  }
}
