// Templates by the API: of template messages (模板消息, `/cgi-bin/template/…`) and of subscription notices (订阅通知,
// `/wxaapi/newtmpl/…`). What the console gave at the start is listed as well, and can be taken away by nobody.
import { createHash } from 'node:crypto';
import type { Call } from '../account/api.ts';
import { OK, platformError } from '../account/errors.ts';
import { templatesOf } from '../account/template-messages.ts';
import { textAt } from '../shared/json.ts';
import type { Template } from '../shared/options.ts';
import type { World } from '../world/world.ts';

function add(world: World, account: string, template: Omit<Template, 'id'>, from: string): string {
  const { templates } = world.console.of(account);
  const id = createHash('sha256').update(`${account}/${from}/${templates.length}`).digest('base64url').slice(0, 43);
  world.console.set(account, { templates: [...templates, { id, ...template }] });
  return id;
}

function drop(world: World, account: string, id: string): object {
  const { templates } = world.console.of(account);
  if (!templates.some(each => each.id === id)) return platformError(40037);
  world.console.set(account, { templates: templates.filter(each => each.id !== id) });
  return OK;
}

/** `keyword_name_list` names the fields; where it does not, the short id stands for one field `thing1`. */
export function addTemplate(world: World, { account, body }: Call): object {
  const short = textAt(body, 'template_id_short');
  if (short === '') return platformError(40037);
  const names = Array.isArray(body.keyword_name_list) ? body.keyword_name_list : [];
  const fields = names.length === 0 ? ['thing1'] : names.map((_, index) => `thing${index + 1}`);
  return { ...OK, template_id: add(world, account, { kind: 'template', title: short, fields }, short) };
}

export function listTemplates(world: World, { account }: Call): object {
  const list = templatesOf(world, account).filter(({ kind }) => kind === 'template');
  return {
    template_list: list.map(({ id, title, fields }) => ({
      ...{ template_id: id, title, primary_industry: '', deputy_industry: '', example: '' },
      content: fields.map(field => `${field}：{{${field}.DATA}}`).join('\n'),
    })),
  };
}

export function dropTemplate(world: World, { account, body }: Call): object {
  return drop(world, account, textAt(body, 'template_id'));
}

/** `kidList` counts the fields, `tid` and `sceneDesc` name it. */
export function addNotice(world: World, { account, body }: Call): object {
  const tid = String(body.tid ?? '');
  const kids = Array.isArray(body.kidList) ? body.kidList : [];
  if (tid === '' || kids.length < 1 || kids.length > 5) return platformError(47001);
  const title = textAt(body, 'sceneDesc') || tid;
  const fields = kids.map((_, index) => `thing${index + 1}`);
  return { ...OK, priTmplId: add(world, account, { kind: 'subscription', title, fields }, tid) };
}

export function listNotices(world: World, { account }: Call): object {
  const list = templatesOf(world, account).filter(({ kind }) => kind === 'subscription');
  return {
    ...OK,
    data: list.map(({ id, title, fields }) => ({
      ...{ priTmplId: id, title, example: '', type: 2 },
      content: fields.map(field => `${field}:{{${field}.DATA}}`).join('\n'),
    })),
  };
}

export function dropNotice(world: World, { account, body }: Call): object {
  return drop(world, account, textAt(body, 'priTmplId'));
}
